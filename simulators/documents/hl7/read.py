"""A message of the volets → :class:`Transmission`; tolerant of the older profiles and of odd content."""

from __future__ import annotations

from simulators.core.hl7 import Message, Segment
from simulators.core.xml import XmlRefused
from simulators.documents.cda.model import CdaDocument, Ii
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import DocumentError
from simulators.documents.hl7.base64 import decoded
from simulators.documents.hl7.flags import read_flags
from simulators.documents.hl7.identity import read_patient, read_visit
from simulators.documents.hl7.model import Action, Mail, Transmission
from simulators.documents.hl7.names import BODIES, LPS_NAME
from simulators.documents.hl7.participants import read_participants
from simulators.documents.hl7.places import body_obx, document_obx, fin_note, mail_obx


def read_transmission(message: Message) -> Transmission:
    """What ``message`` (ORU^R01, MDM^T02, T10, T04) says. Never raises: the checks find the defects.

    Of an action that ORC-1, the event and OBX-11 tell otherwise, the first readable one counts, in that order.
    """
    obx = document_obx(message)
    cda = decoded(obx.get(5, 5))[0] if obx is not None else b""
    document = document_of(cda)
    profile = read_profile(message)
    return Transmission(
        kind="ORU" if message.value("MSH-9.1") == "ORU" else "MDM",
        profile=profile,
        control_id=message.control_id,
        sending_app=message.value("MSH-3.1"),
        sending_facility=message.value("MSH-4.1"),
        action=_action(message, obx),
        patient=read_patient(message),
        visit=read_visit(message),
        type_code=_type(message, obx, 1),
        type_label=_type(message, obx, 2),
        type_system=_type(message, obx, 3),
        document_id=document_id(message.first("TXA"), 12) or (document.unique_id if document else ""),
        replaces=document_id(message.first("TXA"), 13) or _replaced(document),
        cda=cda,
        document=document,
        mail=_mail(message) if profile.endswith(LPS_NAME) else None,
        flags=read_flags(message),
        participants=read_participants(message),
        mail_bodies=_bodies(message),
        fin=fin_note(message) is not None,
    )


def read_profile(message: Message) -> str:
    """MSH-21 as ``version^name``, blanks around both dropped: the guide's own examples have one."""
    version, name = message.value("MSH-21.1").strip(), message.value("MSH-21.2").strip()
    return f"{version}^{name}" if name else version


def document_of(cda: bytes) -> CdaDocument | None:
    """The CDA, or None when the octets hold none."""
    try:
        return read_cda(cda)
    except (XmlRefused, DocumentError):
        return None


def cda_problem(cda: bytes) -> str:
    """Why the octets are no CDA; empty when they are one."""
    try:
        read_cda(cda)
    except (XmlRefused, DocumentError) as problem:
        return str(problem)
    return ""


def document_id(txa: Segment | None, field: int) -> str:
    """TXA-12 or TXA-13 as XDS writes it: the extension is component 1 when component 3 holds the root.

    Component 2 is ignored: it must be empty, and the published samples name their organisation there.
    """
    if txa is None:
        return ""
    first, root = txa.get(field).strip(), txa.get(field, 3).strip()
    return f"{root}^{first}" if root and first else root or first


def written(identifier: Ii) -> str:
    """An identifier of a CDA as XDS writes it."""
    return f"{identifier.root}^{identifier.extension}" if identifier.extension else identifier.root


def _replaced(document: CdaDocument | None) -> str:
    return next((written(parent) for parent in document.replaces), "") if document else ""


def _action(message: Message, obx: Segment | None) -> Action:
    told = {
        "orc": message.value("ORC-1").strip(),
        "event": message.value("MSH-9.2").strip(),
        "status": obx.get(11).strip() if obx is not None else "",
    }
    for name, value in told.items():
        for action in Action:
            if value == getattr(action, name):
                return action
    return Action.INITIAL


def _type(message: Message, obx: Segment | None, component: int) -> str:
    held = obx.get(3, component) if obx is not None else ""
    return (held or message.value(f"OBR-4.{component}")).strip()


def _mail(message: Message) -> Mail | None:
    obx = mail_obx(message)
    if obx is None:
        return None
    return Mail(obx.get(3).strip().strip("<>"), obx.get(3, 2), _text(obx))


def _bodies(message: Message) -> dict[str, str]:
    found = {reader: body_obx(message, reader) for reader in BODIES}
    return {reader: _text(obx) for reader, obx in found.items() if obx is not None}


def _text(obx: Segment) -> str:
    return decoded(obx.get(5, 5))[0].decode("utf-8", "replace")
