""":class:`Transmission` → a message of the volets, as a creator (flows 1 and 2) or a PFI (flow 6) sends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from simulators.core.hl7 import Head, Raw, compose, seg, stamp
from simulators.documents.errors import CannotBuild
from simulators.documents.hl7.base64 import encoded
from simulators.documents.hl7.flags import flag_lines
from simulators.documents.hl7.identity import patient_line, visit_line
from simulators.documents.hl7.model import Kind, Mail, Transmission
from simulators.documents.hl7.names import BODIES, BODY_LABELS, CDA_PROFILE, META, VERSIONS, Flag
from simulators.documents.hl7.participants import participant_line


def build_transmission(plan: Transmission, head: Head, *, kind: Kind | None = None) -> bytes:
    """The message of ``plan`` under ``head``, whose kind, version and profile it sets; an older profile is refused.

    ``kind`` outranks the one of the plan. Raises ``CannotBuild`` when a flow 6 has no mail, or is no MDM.
    """
    kind = kind or plan.kind
    if plan.from_mail and (plan.mail is None or kind != "MDM"):
        raise CannotBuild("a document from MSSanté is an MDM with its mail")
    ready = replace(head, kind=_kind(plan, kind), version=VERSIONS[kind], profile=plan.profile or CDA_PROFILE)
    return compose(ready.segment(), *_lines(plan, ready, kind), charset=head.charset)


def _kind(plan: Transmission, kind: Kind) -> str:
    return "ORU^R01^ORU_R01" if kind == "ORU" else f"MDM^{plan.action.event}^MDM_T02"


def _lines(plan: Transmission, head: Head, kind: Kind) -> Iterator[str]:
    if kind == "MDM":
        yield seg("EVN", {2: stamp(head.at)})
    yield patient_line(plan.patient)
    yield visit_line(plan.visit, plan.patient.issuer)
    yield seg("ORC", {1: plan.action.orc})
    yield seg("OBR", {1: "1", 4: _type(plan)})
    if kind == "MDM":
        yield _txa(plan)
    payload = ["", "TEXT" if kind == "ORU" else "text", "XML", "Base64", Raw(encoded(plan.cda))]
    yield seg("OBX", {1: "1", 2: "ED", 3: _type(plan), 5: payload, 11: plan.action.status})
    yield from map(participant_line, plan.participants)
    if plan.mail is not None:
        yield _mail(plan.mail)
    yield from _metadata(plan, kind)


def _type(plan: Transmission) -> list[str]:
    return [plan.type_code, plan.type_label, plan.type_system]


def _txa(plan: Transmission) -> str:
    fields = {1: "1", 2: plan.type_code, 3: "TEXT", 12: _document_id(plan.document_id), 17: "AU"}
    if plan.replaces:
        fields[13] = _document_id(plan.replaces)
    return seg("TXA", fields)


def _document_id(identifier: str) -> str | list[str]:
    root, _, extension = identifier.partition("^")
    return [extension, "", root, "ISO"] if extension else root


def _mail(mail: Mail) -> str:
    return seg("OBX", {1: "2", 2: "ED", 3: [mail.message_id, mail.subject], 5: _body("text", mail.body), 11: "F"})


def _metadata(plan: Transmission, kind: Kind) -> Iterator[str]:
    first = 3 if plan.from_mail else 2
    number = first
    for flag, line in flag_lines(plan.flags, kind, from_mail=plan.from_mail, first=first):
        number += 1
        yield line
        if flag is Flag.DESTMSSANTEPAT and plan.fin:
            yield seg("NTE", {1: "1", 4: "FIN"})
    subtype = "TEXT" if kind == "ORU" else "text"
    present = [reader for reader in BODIES if reader in plan.mail_bodies]
    for place, reader in enumerate(present, start=number):
        name = [BODIES[reader], BODY_LABELS[reader], META]
        body = _body(subtype, plan.mail_bodies[reader])
        yield seg("OBX", {1: str(place), 2: "ED", 3: name, 5: body, 11: "F"})


def _body(subtype: str, text: str) -> list[str | Raw]:
    return ["", subtype, "", "Base64", Raw(encoded(text.encode()))]
