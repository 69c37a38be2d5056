"""The XDS document entry of a CDA document.

Mapping: facts dmp.md 3.2, 3.5 to 3.7 (CI-SIS document sharing): class from ASS_X16 (then ASS_X04),
format from ASS_A12 for a level 1 body and from ASS_A11 by template otherwise, instants in UTC, SHA-1
and size of the bytes. What the CDA does not say stays ``None``; nothing is invented.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import Any

from simulators.documents.cda.model import Cd, CdaDocument, Ii, Organization, Participant, Patient, Ts
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import BadValue
from simulators.documents.xds import schemes
from simulators.documents.xds.model import Author, Code, DocumentEntry
from simulators.documents.xds.values import Cx, Xcn, Xon, escape, ts_to_dtm
from simulators.population.codes import code_list
from simulators.population.identifiers import INS_OIDS, PS_IDNAT_OID, STRUCT_IDNAT_OID

INS_C_OID = "1.2.250.1.213.1.4.2"
SIREN_AUTHORITY = "1.3.2"
ORDER = "urn:ihe:iti:xds:2013:order"
ACCESSION = "urn:ihe:iti:xds:2013:accession"

_INS = frozenset({*INS_OIDS, INS_C_OID})


def entry_from_cda(
    data: bytes,
    *,
    entry_id: str,
    cda: CdaDocument | None = None,
    visibility: Iterable[Code] = (),
    practice: Code | None = None,
    format_code: Code | None = None,
    mime_type: str = "text/xml",
    action: str | None = None,
    uri: str | None = None,
    reference_ids: Iterable[str] = (),
    zone: tzinfo = UTC,
) -> DocumentEntry:
    """The entry of one document.

    ``cda`` saves reading ``data`` again; ``visibility`` adds confidentiality codes to the CDA's own;
    ``practice`` and ``format_code`` are used where the CDA gives none; ``action`` is ``C`` or ``D``
    (secure-mail archives); ``zone`` is that of times written without offset. Raises ``XmlRefused``,
    ``UnreadableCda``, and :class:`BadValue` (with the XPath) for an instant that is no TS.
    """
    document = read_cda(data) if cda is None else cda
    event = document.main_event
    return DocumentEntry(
        entry_id=entry_id,
        unique_id=document.unique_id or None,
        mime_type=mime_type,
        title=document.title.text if document.title else None,
        authors=tuple(_author(author) for author in document.authors),
        confidentiality_codes=(*_codes(document.confidentiality), *visibility),
        creation_time=_instant(document.effective_time, zone),
        language=document.language.code or None if document.language else None,
        legal_authenticator=_person(document.legal_authenticator) if document.legal_authenticator else None,
        service_start=_instant(event.low, zone) if event else None,
        service_stop=_instant(event.high, zone) if event else None,
        hash=hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        size=str(len(data)),
        uri=uri,
        reference_ids=tuple(reference_ids),
        extra_slots=_action(action),
        **_patient_fields(document.patient),
        **_coded_fields(document, practice, format_code),
    )


def reference_ids(document: CdaDocument) -> tuple[str, ...]:
    """referenceIdList values of the order and accession numbers of the CDA (``id^^^&root&ISO^type``)."""
    typed = [(order, ORDER) for order in document.orders] + [(number, ACCESSION) for number in document.accessions]
    return tuple(Cx.of(found.extension, found.root, kind).text for found, kind in typed if found.extension)


def class_of(type_code: Code) -> Code | None:
    """classCode of a typeCode: the DMP association first, the CI-SIS one otherwise."""
    for name in ("ASS_X16_TypeClasse_DMP", "ASS_X04_TypeClasse_CISIS"):
        row = code_list(name).get(type_code.code, type_code.system)
        if row is not None:
            return Code(row.extra["class_code"], row.extra["class_system_oid"], row.extra["class_display_fr"])
    return None


def format_of(document: CdaDocument) -> Code | None:
    """formatCode: by media type for a level 1 body, else by the last declared template the table knows."""
    if document.body.level == 1:
        row = code_list("ASS_A12_MediaType_FormatCode").get(document.body.media_type)
    else:
        table = code_list("ASS_A11_ModeleCDA_FormatCode")
        rows = (table.get(template.root) for template in reversed(document.template_ids))
        row = next(filter(None, rows), None)
    if row is None:
        return None
    return Code(row.extra["format_code"], row.extra["format_system_oid"], row.extra["format_display_fr"])


def _coded_fields(document: CdaDocument, practice: Code | None, format_code: Code | None) -> dict[str, Any]:
    type_code = _listed("JDV_J66_TypeCode_DMP", document.code)
    return {
        "type_code": type_code,
        "class_code": class_of(type_code) if type_code else None,
        "format_code": format_of(document) or format_code,
        "facility_code": _listed("JDV_J61_HealthcareFacilityTypeCode_DMP", document.facility),
        "practice_code": _listed("JDV_J62_PracticeSettingCode_DMP", _practice(document)) or practice,
        "event_codes": tuple(code for event in document.service_events for code in _with_translations(event.code)),
    }


def _practice(document: CdaDocument) -> Cd | None:
    """That of the main act, else of any other act, else of the legal authenticator or an author."""
    main = (document.main_event,) if document.main_event else ()
    candidates: list[Participant | None] = [event.performer for event in (*main, *document.service_events)]
    for participant in [*candidates, document.legal_authenticator, *document.authors]:
        if participant is not None and participant.organization is not None and participant.organization.practice:
            return participant.organization.practice
    return None


def _patient_fields(patient: Patient | None) -> dict[str, Any]:
    if patient is None:
        return {}
    ins = next((found for found in patient.ids if found.root in _INS), None)
    local = next((found for found in patient.ids if found.root not in _INS and found.extension), None)
    patient_id = Cx.of(ins.extension, ins.root, "NH").text if ins else None
    return {
        "patient_id": patient_id,
        "source_patient_id": Cx.of(local.extension, local.root, "PI").text if local else patient_id,
        "source_patient_info": tuple(_traits(patient)),
    }


def _traits(patient: Patient) -> Iterable[str]:
    """PID-5 (legal, then display name), PID-7, PID-8, PID-11 with the birth place code."""
    texts = (patient.birth_family, patient.birth_given or patient.given_names, patient.given_names)
    family, given, others = (escape(text.text) if text else "" for text in texts)
    if family or given:
        yield f"PID-5|{family}^{given}^{others}^^^^L"
    if patient.used_family is not None:
        used_given = escape(patient.used_given.text) if patient.used_given else given
        yield f"PID-5|{escape(patient.used_family.text)}^{used_given}^^^^^D"
    if patient.birth_time is not None and patient.birth_time.value:
        yield f"PID-7|{patient.birth_time.value[:8]}"
    if patient.sex is not None and patient.sex.code:
        yield f"PID-8|{patient.sex.code}"
    if patient.birth_place is not None and patient.birth_place.text:
        yield f"PID-11|^^^^^^BDL^^{escape(patient.birth_place.text)}"


def _author(participant: Participant) -> Author:
    organization = participant.organization
    specialty = participant.specialty
    return Author(
        person=_person(participant),
        institutions=() if organization is None else tuple(_institution(organization)),
        roles=(participant.role.display,) if participant.role and participant.role.display else (),
        specialties=(_specialty(specialty),) if specialty and specialty.code else (),
    )


def _person(participant: Participant) -> str | None:
    """XCN. Identifier type: IDNPS for a professional, NH for a patient, RI (with U) for a device or a vendor's."""
    identifier = next(iter(participant.ids), None)
    if identifier is None:
        return None
    known = {PS_IDNAT_OID: ("D", "IDNPS"), **dict.fromkeys(_INS, ("D", "NH"))}
    name_type, id_type = known.get(identifier.root, ("U", "RI"))
    family = participant.device.text if participant.device and not participant.family else participant.family
    return Xcn.of(identifier.extension, family, participant.given, identifier.root, name_type, id_type).text


def _institution(organization: Organization) -> Iterable[str]:
    name = organization.name.text if organization.name else ""
    for identifier in organization.ids[:1]:
        yield Xon.of(name, identifier.extension, identifier.root, _structure_type(identifier)).text


def _structure_type(identifier: Ii) -> str:
    return {STRUCT_IDNAT_OID: "IDNST", SIREN_AUTHORITY: "SIREN"}.get(identifier.root, "RI")


def _specialty(code: Cd) -> str:
    return "^".join(escape(part) for part in (code.code, code.display, code.system))


def _codes(code: Cd | None) -> tuple[Code, ...]:
    return () if code is None or not code.code else (Code(code.code, code.system, code.display),)


def _with_translations(code: Cd | None) -> tuple[Code, ...]:
    if code is None:
        return ()
    return (*_codes(code), *(found for translation in code.translations for found in _codes(translation)))


def _listed(list_name: str, code: Cd | None) -> Code | None:
    """The code with the label of the list, or with its own when the list does not have it."""
    if code is None or not code.code:
        return None
    row = code_list(list_name).get(code.code, code.system)
    return Code(code.code, code.system, row.display if row else code.display)


def _instant(time: Ts | None, zone: tzinfo) -> str | None:
    if time is None or not time.value:
        return None
    try:
        return ts_to_dtm(time.value, zone=zone)
    except BadValue as error:
        raise BadValue(error.reason, f"{time.where}/@value") from None


def _action(action: str | None) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({} if action is None else {schemes.ACTION: (action,)})
