"""Findings on a message we built, told of the file inside it."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.assembly.examine.about import AROUND, about_cda, about_token

LOT = "/soap:Envelope/soap:Body/x:Request/rim:RegistryObjectList"
TOKEN = "/soap:Envelope/soap:Header/wsse:Security/saml2:Assertion"


def told(where: str, level: str = "warn") -> dict[str, Any]:
    return {"rule": "R", "where": where, "level": level, "facts": {"reason": "why"}}


@pytest.mark.parametrize(
    ("where", "level", "there"),
    [
        ("part[2]#/hl7:ClinicalDocument/hl7:id", "warn", "/hl7:ClinicalDocument/hl7:id"),
        (f"{LOT}/rim:ExtrinsicObject[1]/rim:Slot", "warn", f"{LOT}/rim:ExtrinsicObject[1]/rim:Slot"),
        (f"{LOT}/rim:RegistryPackage", "warn", f"{LOT}/rim:RegistryPackage"),
        (f"{LOT}/rim:ExtrinsicObject[2]/rim:Slot", "warn", None),
        (f"{LOT}/rim:ExtrinsicObject[2]/rim:Slot", "refuse", f"{LOT}/rim:ExtrinsicObject[2]/rim:Slot"),
        (f"{TOKEN}/saml2:Issuer", "warn", None),
        (f"{TOKEN}/saml2:Issuer", "refuse", f"{TOKEN}/saml2:Issuer"),
    ],
)
def test_of_a_document(where: str, level: str, there: str | None) -> None:
    found = list(about_cda([told(where, level)]))
    assert [finding["where"] for finding in found] == ([] if there is None else [there])
    for finding in found:
        assert (finding["facts"].get("place") == AROUND) is not where.startswith("part[2]#")
        assert finding["facts"]["reason"] == "why"


@pytest.mark.parametrize(
    ("where", "level", "there"),
    [
        (f"{TOKEN}/saml2:Issuer", "warn", "/saml2:Assertion/saml2:Issuer"),
        (TOKEN, "refuse", "/saml2:Assertion"),
        ("/soap:Envelope/soap:Body", "warn", None),
        ("TLS", "refuse", "TLS"),
    ],
)
def test_of_a_token(where: str, level: str, there: str | None) -> None:
    assert [f["where"] for f in about_token([told(where, level)])] == ([] if there is None else [there])
