"""What a user does with the documents of the record: write, validate, hold, resume, cancel, replace, change the
visibility, delete, send again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from simulators.core.clock import add_period
from simulators.core.store.api import Tx
from simulators.core.world import identifier
from simulators.documents.hl7.model import Action
from simulators.documents.papers import KINDS
from simulators.dpi import patients, produced
from simulators.dpi.deciding import CHOICES
from simulators.dpi.house import Moment, NoSuch, author, hospital
from simulators.dpi.life import Act, accepted, check, standing
from simulators.dpi.produced import Order, Sending, State, Version
from simulators.dpi.sending import depart, leave
from simulators.dpi.settings import DEFERRAL

_ADDRESS: Final = re.compile(r"[^@\s|^~&\\]+@[^@\s|^~&\\]+")
_LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Change:
    """What a new version changes; None keeps what the last one had. ``validate``: it is validated at once."""

    title: str | None = None
    text: str | None = None
    professional: str | None = None
    recipients: tuple[str, ...] | None = None
    flags: Mapping[str, bool] | None = None
    validate: bool = True


def write(
    tx: Tx, moment: Moment, patient: str, kind: str, order: Order, *, title: str = "", text: str = "", by: str = ""
) -> Version:
    """A draft. Raises :class:`NoSuch`, and ``ValueError`` for what no document can be made of."""
    person = patients.find(tx, patient)
    if person is None:
        raise NoSuch(f"the record has no patient {patient!r}: give a matricule or a reference name")
    if kind not in KINDS:
        raise ValueError(f"no document of kind {kind!r} can be made: {', '.join(KINDS)}")
    writer = author(tx, hospital(tx, moment.policy), by)
    number, oid = tx.counter("dpi.documents"), _oid(tx)
    draft = Version(
        document=number,
        version=1,
        document_id=oid,
        set_id=_oid(tx),
        patient=person.key,
        kind=kind,
        title=_text(title) or KINDS[kind].title,
        text=_text(text),
        professional=writer.ps_idnat.value,
        made=moment.wire,
        order=checked(order),
    )
    produced.save(tx, draft)
    return draft


def act(tx: Tx, moment: Moment, document: int, what: Act, change: Change | None = None) -> Version:
    """The version concerned, afterwards.

    Raises :class:`NoSuch`, :class:`~simulators.dpi.life.NotNow`, ``ValueError``.
    """
    versions = produced.versions(tx, document)
    if not versions:
        raise NoSuch(f"the record has no document {document}")
    check(what, versions, left=_left(tx, document))
    here = standing(versions)
    if what in {Act.REPLACE, Act.VISIBILITY}:
        return _again(tx, moment, versions, what, change or Change())
    if what is Act.DELETE:
        return _delete(tx, moment, versions)
    return _SIMPLE[what](tx, moment, here)


def checked(order: Order) -> Order:
    """Raises ``ValueError`` for an address or a flag that cannot be written."""
    addresses = (*order.recipients, *([order.reply_to] if order.reply_to else []))
    wrong = [one for one in addresses if not _ADDRESS.fullmatch(one) or len(one) > 254]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no mail address")
    unknown = [name for name in order.flags if name not in CHOICES]
    if unknown:
        raise ValueError(f"no flag is named {unknown[0]!r}: {', '.join(name.upper() for name in CHOICES)}")
    return replace(order, body_ps=_text(order.body_ps), body_patient=_text(order.body_patient))


def flags_of(data: Mapping[str, Any]) -> dict[str, bool]:
    """Flags by the name of their OBX-3.1, in any case. Raises ``ValueError`` for another value than true or false."""
    wrong = [name for name, value in data.items() if not isinstance(value, bool)]
    if wrong:
        raise ValueError(f"flag {wrong[0]}: expected true or false")
    return {str(name).lower(): value for name, value in data.items()}


# --- each act, possible by now


def _validate(tx: Tx, moment: Moment, version: Version) -> Version:
    leaves = add_period(moment.business, DEFERRAL.text(moment.policy))
    return leave(tx, moment, replace(version, validated=moment.wire, leaves=leaves))


def _hold(tx: Tx, moment: Moment, version: Version) -> Version:
    _call_off(tx, version.document)
    return _saved(tx, replace(version, state=State.HELD))


def _resume(tx: Tx, moment: Moment, version: Version) -> Version:
    if version.validated is None:
        return _saved(tx, replace(version, state=State.DRAFT))
    return leave(tx, moment, version)


def _cancel(tx: Tx, moment: Moment, version: Version) -> Version:
    """A deletion or a repetition that never left leaves the version as it was."""
    _call_off(tx, version.document)
    if version.accepted:
        return _saved(tx, replace(version, state=State.ACKED, action=version.first_action))
    return _saved(tx, replace(version, state=State.CANCELLED))


def _resend(tx: Tx, moment: Moment, version: Version) -> Version:
    return depart(tx, moment, version)


_SIMPLE: Final = {
    Act.VALIDATE: _validate,
    Act.HOLD: _hold,
    Act.RESUME: _resume,
    Act.CANCEL: _cancel,
    Act.RESEND: _resend,
}


def _again(tx: Tx, moment: Moment, versions: list[Version], what: Act, change: Change) -> Version:
    """A new version of the last one accepted: new identifier, same setId, RPLC."""
    parent = accepted(versions)
    if parent is None:
        raise RuntimeError("checked before: there is an accepted version")
    flags = dict(parent.order.flags) | dict(change.flags or {})
    flags["modif_conf_code"] = what is Act.VISIBILITY or bool((change.flags or {}).get("modif_conf_code"))
    recipients = parent.order.recipients if change.recipients is None else change.recipients
    new = replace(
        parent,
        version=versions[-1].version + 1,
        document_id=_oid(tx),
        title=_text(change.title) if change.title else parent.title,
        text=_text(change.text) if change.text is not None else parent.text,
        professional=_writer(tx, moment, change.professional) or parent.professional,
        made=moment.wire,
        order=checked(replace(parent.order, flags=flags, recipients=recipients)),
        state=State.DRAFT,
        action=Action.REPLACE,
        replaces=parent.document_id,
        validated=None,
        leaves=None,
        accepted=False,
        cda="",
        reasons=(),
    )
    produced.save(tx, new)
    return _validate(tx, moment, new) if change.validate else new


def _delete(tx: Tx, moment: Moment, versions: list[Version]) -> Version:
    """The last accepted version is sent once more, with CA and D."""
    target = accepted(versions)
    if target is None:
        raise RuntimeError("checked before: there is an accepted version")
    return depart(tx, moment, replace(target, action=Action.DELETE, leaves=None))


# --- below


def _left(tx: Tx, document: int) -> bool:
    return any(one.open and one.left for one in produced.sendings(tx, document))


def _call_off(tx: Tx, document: int) -> None:
    for one in produced.sendings(tx, document):
        if one.open:
            _off(tx, one)


def _off(tx: Tx, sending: Sending) -> None:
    produced.save_sending(tx, replace(sending, cancelled=True))


def _saved(tx: Tx, version: Version) -> Version:
    produced.save(tx, version)
    return version


def _writer(tx: Tx, moment: Moment, name: str | None) -> str:
    return author(tx, hospital(tx, moment.policy), name).ps_idnat.value if name else ""


def _oid(tx: Tx) -> str:
    """An OID made of a UUID (ITU-T X.667)."""
    return f"2.25.{identifier(tx, 'dpi.oid').int}"


def _text(text: str) -> str:
    """Raises ``ValueError``: longer than a page or two."""
    if len(text) > _LONGEST:
        raise ValueError(f"a text of {len(text)} characters: at most {_LONGEST}")
    return text.strip()
