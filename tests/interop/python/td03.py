"""TD0.3, set or remove one's own authorisation (facts, dmp-messages 4): patient and professional are in the VIHF."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from tests.interop.python.names import HAB, default


@dataclass(frozen=True)
class Outcome:
    """``status`` is DMPOk or an error code; ``context`` is free text, often empty."""

    status: str
    context: str


def request(action: str = "AJOUT") -> etree._Element:
    """Body for ``AJOUT`` or ``SUPPRESSION``."""
    root = etree.Element(f"{{{HAB}}}setAuthorization", nsmap=default(HAB))
    etree.SubElement(root, f"{{{HAB}}}action").text = action
    return root


def read(body: etree._Element) -> Outcome:
    """Read setAuthorizationResponse; every child is qualified."""
    output = f"{{{HAB}}}output/{{{HAB}}}"
    return Outcome(body.findtext(output + "status", "").strip(), body.findtext(output + "context", "").strip())
