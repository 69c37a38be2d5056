"""Published CDAs as this product uses them: open an XDM archive, read a header, make a document its own.

A product does not send somebody else's document: it puts its own document number, patient and author in. The result
is an initial version (no relatedDocument), serialised once; those bytes are what must come back.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from lxml import etree

from tests.interop.python.identity import Identity
from tests.interop.python.names import HL7, OID_INS_TEST, OID_PROFESSIONAL, OID_STRUCTURE, parse

NS = {"h": HL7}
Pair = tuple[str | None, str | None]


@dataclass(frozen=True)
class Archive:
    """One IHE_XDM archive: bytes of its CDA and of its METADATA.XML."""

    name: str
    document: bytes
    metadata: bytes


@dataclass(frozen=True)
class HeaderAuthor:
    """An author of the header, in the HL7 v2 forms that XDS wants."""

    person: str
    institution: str
    specialty: str | None
    role: str | None


@dataclass(frozen=True)
class Header:
    """What XDS metadata take from a CDA header; times in UTC."""

    unique_id: str
    title: str
    creation: str
    language: str
    start: str | None
    stop: str | None
    legal_authenticator: str
    authors: tuple[HeaderAuthor, ...]


def open_archive(path: Path) -> Archive:
    """Read the archive at ``path`` (one document in IHE_XDM/SUBSET01)."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as opened:
        folder = "IHE_XDM/SUBSET01/"
        return Archive(path.stem, opened.read(folder + "DOC0001.XML"), opened.read(folder + "METADATA.XML"))


def read(content: bytes) -> Header:
    """Header of the CDA ``content``. Raises IndexError when a mandatory part is absent."""
    root = parse(content)
    return Header(
        unique_id=_one(root, "h:id").get("root", ""),
        title=root.findtext("h:title", "", NS).strip(),
        creation=utc(_one(root, "h:effectiveTime").get("value", "")),
        language=_one(root, "h:languageCode").get("code", ""),
        start=_time(root, "low"),
        stop=_time(root, "high"),
        legal_authenticator=_xcn(_one(root, "h:legalAuthenticator/h:assignedEntity")),
        authors=tuple(_author(one) for one in _all(root, "h:author")),
    )


def utc(value: str) -> str:
    """HL7 time to UTC digits: ``20191203133000+0100`` -> ``20191203123000``. Without offset: unchanged."""
    digits, offset = re.fullmatch(r"(\d+)(?:\.\d+)?([+-]\d{4})?", value).groups()  # type: ignore[union-attr]
    if offset is None:
        return str(digits)
    moment = datetime.strptime(f"{digits:0<14}{offset}", "%Y%m%d%H%M%S%z")
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def rewrite(content: bytes, who: Identity, unique_id: str) -> bytes:
    """``content`` as ``who``'s own document ``unique_id``."""
    root = parse(content)
    people = {_pair(one) for one in _all(root, "h:author/*/h:id | h:legalAuthenticator/*/h:id")}
    places = {_pair(one) for one in _all(root, "h:author//h:representedOrganization/h:id | h:custodian//h:id")}
    places |= {_pair(one) for one in _all(root, "h:legalAuthenticator//h:representedOrganization/h:id")}
    _renumber(root, unique_id)
    _readdress(root, who)
    for one in _all(root, "h:author/h:assignedAuthor | h:legalAuthenticator/h:assignedEntity"):
        _sign_over(one, who)
    for one in _all(root, ".//h:id"):
        if _pair(one) in people:
            _set_id(one, OID_PROFESSIONAL, who.professional.national_id)
        elif _pair(one) in places:
            _set_id(one, OID_STRUCTURE, who.structure.national_id)
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)


def _renumber(root: etree._Element, unique_id: str) -> None:
    _set_id(_one(root, "h:id"), unique_id, None)
    _set_id(_one(root, "h:setId"), f"{unique_id}.1", None)
    _one(root, "h:versionNumber").set("value", "1")
    for parent in _all(root, "h:relatedDocument"):
        root.remove(parent)


def _readdress(root: etree._Element, who: Identity) -> None:
    role, patient = _one(root, "h:recordTarget/h:patientRole"), who.patient
    old = _one(role, f"h:id[@root='{OID_INS_TEST}']").get("extension", "")
    for one in _all(role, "h:id"):
        if one.get("root") != OID_INS_TEST:
            _set_id(one, patient.ipp_root, patient.ipp)
    for one in _all(root, f".//h:id[@root='{OID_INS_TEST}'][@extension='{old}']"):
        one.set("extension", patient.ins)
    for one in _all(role, f"h:telecom[contains(@value, '{old}')]"):
        one.set("value", one.get("value", "").replace(old, patient.ins))
    _names(_one(role, "h:patient"), patient.name, patient.given)
    gender = _one(role, "h:patient/h:administrativeGenderCode")
    gender.set("code", patient.gender)
    gender.set("displayName", "Féminin" if patient.gender == "F" else "Masculin")
    _one(role, "h:patient/h:birthTime").set("value", patient.birth)
    for one in _all(role, "h:patient/h:birthplace//h:county"):
        one.text = patient.ins[5:10]


def _sign_over(assigned: etree._Element, who: Identity) -> None:
    """Put the professional and the structure of ``who`` in an assignedAuthor or assignedEntity."""
    doctor = who.professional
    for one in _all(assigned, "h:code"):
        one.set("code", f"G15_10/{doctor.speciality}")
        one.set("displayName", f"Médecin - {doctor.speciality_label}")
    for one in _all(assigned, "h:assignedPerson"):
        _names(one, doctor.name, doctor.given)
    for one in _all(assigned, "h:representedOrganization/h:name"):
        one.text = who.structure.name


def _names(person: etree._Element, family: str, given: str) -> None:
    for one in _all(person, "h:name/h:family"):
        one.text = family
    for one in _all(person, "h:name/h:given"):
        one.text = given


def _author(author: etree._Element) -> HeaderAuthor:
    assigned = _one(author, "h:assignedAuthor")
    code, function = _all(assigned, "h:code"), _all(author, "h:functionCode")
    specialty = "^".join(code[0].get(name, "") for name in ("code", "displayName", "codeSystem")) if code else None
    place = _one(assigned, "h:representedOrganization")
    root, extension = _pair(_one(place, "h:id"))
    institution = f"{place.findtext('h:name', '', NS)}^^^^^&{root}&ISO^IDNST^^^{extension}"
    return HeaderAuthor(_xcn(assigned), institution, specialty, function[0].get("displayName") if function else None)


def _xcn(assigned: etree._Element) -> str:
    root, extension = _pair(_one(assigned, "h:id"))
    names = [assigned.findtext(f"h:assignedPerson/h:name/h:{part}", "", NS).strip() for part in ("family", "given")]
    return f"{extension}^{names[0]}^{names[1]}^^^^^^&{root}&ISO^D^^^IDNPS"


def _time(root: etree._Element, bound: str) -> str | None:
    found = _all(root, f"h:documentationOf/h:serviceEvent/h:effectiveTime/h:{bound}/@value")
    return utc(str(found[0])) if found else None


def _set_id(element: etree._Element, root: str, extension: str | None) -> None:
    element.attrib.clear()
    element.set("root", root)
    if extension is not None:
        element.set("extension", extension)


def _pair(element: etree._Element) -> Pair:
    return element.get("root"), element.get("extension")


def _one(root: etree._Element, path: str) -> etree._Element:
    return _all(root, path)[0]


def _all(root: etree._Element, path: str) -> list[etree._Element]:
    return cast("list[etree._Element]", root.xpath(path, namespaces=NS))
