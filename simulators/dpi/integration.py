"""Flow 6: a document that a mail brought enters the record, or waits for a hand (facts pfi §4, §12).

The acknowledgement tells the result of the integration itself: AA when the document is in the record, AE with a code
900 to 906 when it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from simulators.core.errors import SandboxError
from simulators.core.exchange import Call
from simulators.core.hl7 import Message, Reply, read_message
from simulators.core.rules import Finding
from simulators.core.store.api import Tx
from simulators.documents.hl7.model import Action
from simulators.dpi import integrated, patients
from simulators.dpi.house import Moment, NoSuch
from simulators.dpi.integrated import Integrated, Kept, Origin, Standing
from simulators.dpi.patients import Person
from simulators.dpi.reading import Received, ins_of, origin_of, received, set_of, traits_of, version_of
from simulators.dpi.rules import content, envelope, identity

FORMAL: Final = (*envelope.CHECKS, *content.CHECKS)


class NotImportable(SandboxError):
    """What waits cannot be filed: done already, or nothing to delete or replace."""


def take(call: Call, message: Message) -> Reply:
    """One document. Raises ``Refused``."""
    found = received(call.tx, message)
    _note(call, found)
    if found.cda is not None:
        call.if_refused(lambda tx: _wait(tx, call, found))
    if found.doubles:
        call.judge(FORMAL, found)
        return _doubled(call, found)
    call.judge((*FORMAL, *identity.CHECKS), found)
    one = _file(call.tx, found, _owner(call, found), call.wire_now, by="automatic")
    call.marks["integrated"] = one.number
    return Reply()


def by_hand(tx: Tx, moment: Moment, number: int, patient: str) -> Integrated:
    """Files what waits under the patient that a user chose. Raises :class:`NoSuch`, :class:`NotImportable`."""
    kept = integrated.kept(tx, number)
    if kept is None:
        raise NoSuch(f"nothing waits under the number {number}")
    if kept.imported:
        raise NotImportable(f"number {number} was imported before, as document {kept.imported}")
    person = patients.find(tx, patient)
    if person is None:
        raise NoSuch(f"the record has no patient {patient!r}: give a matricule or a reference name")
    found = received(tx, read_message(tx.blob_bytes(kept.message)))
    if found.said.action is Action.DELETE and (found.target is None or found.target.patient != person.key):
        raise NotImportable(f"the record of {person.name} has no document {found.about} to delete")
    one = _file(tx, found, person, moment.wire, by="manual")
    integrated.keep(tx, replace(kept, imported=one.number))
    return one


def _note(call: Call, found: Received) -> None:
    """What joins this exchange to the others of the journey."""
    if found.said.document_id:
        call.keys.add(f"document:{found.said.document_id}")
    if found.said.mail is not None and found.said.mail.message_id:
        call.keys.add(f"message:{found.said.mail.message_id}")
    if found.ins is not None:
        call.keys.add(f"patient:{found.ins.extension}")
    call.marks["action"] = found.said.action.value


def _owner(call: Call, found: Received) -> Person:
    """The patient of the record; where the world lets strangers in, one made of the document."""
    if found.person is not None:
        return found.person
    ins = ins_of(found.cda)
    key = ins.extension if ins is not None else "?"
    traits = traits_of(found.cda)
    call.marks["stranger"] = key
    given = tuple(traits["given names"].split())
    told = (traits["birth name"], "", given, traits["birth date"], traits["sex"], traits["birth place"])
    return Person(key, key, key, ins.root if ins is not None else "", *told)


def _doubled(call: Call, found: Received) -> Reply:
    """Integrated before: acknowledged, counted, not doubled."""
    twin = found.twin
    if twin is None:
        raise RuntimeError("asked only of what the record has")
    integrated.save(call.tx, replace(twin, repeated=twin.repeated + 1))
    same = twin.document_id == found.said.document_id
    call.marks["duplicate"] = f"{'id' if same else 'setId and versionNumber'} of document {twin.number}"
    return Reply(text="Document déjà intégré : non dupliqué / already integrated: not doubled")


def _file(tx: Tx, found: Received, person: Person, at: datetime, *, by: str) -> Integrated:
    if found.said.action is Action.DELETE and found.target is not None:
        gone = replace(found.target, state=Standing.DELETED)
        integrated.save(tx, gone)
        integrated.notify(tx, "deleted", gone, at)
        return gone
    before = found.target if found.target is not None and found.target.patient == person.key else None
    one = _integrated(tx, found, person, at, by, before)
    integrated.save(tx, one)
    if before is not None:
        integrated.save(tx, replace(before, state=Standing.SUPERSEDED, replaced_by=one.number))
    kind = "imported" if by == "manual" else "replaced" if before is not None else "new"
    integrated.notify(tx, kind, one, at)
    return one


def _integrated(
    tx: Tx, found: Received, person: Person, at: datetime, by: str, before: Integrated | None
) -> Integrated:
    cda, said = found.cda, found.said
    return Integrated(
        number=integrated.next_number(tx),
        document_id=said.document_id,
        set_id=set_of(cda),
        version=version_of(cda),
        patient=person.key,
        state=Standing.CURRENT,
        title=_title(found),
        type_code=said.type_code,
        author=_author(found),
        received=at,
        cda=tx.blob(said.cda),
        origin=_origin(found, before),
        by=by,
        replaces=before.number if before is not None else 0,
    )


def _origin(found: Received, before: Integrated | None) -> Origin:
    """Whoever might replace the version before may replace this one."""
    own = origin_of(found)
    if before is None:
        return own
    persons = tuple(dict.fromkeys((*own.persons, *before.origin.persons)))
    return replace(own, persons=persons, organisations=(*own.organisations, *before.origin.organisations))


def _wait(tx: Tx, call: Call, found: Received) -> None:
    """Kept for a hand; the same document again is the same row."""
    before = integrated.waiting(tx, found.said.document_id)
    integrated.keep(
        tx,
        Kept(
            number=before.number if before is not None else integrated.next_number(tx),
            document_id=found.said.document_id,
            action=found.said.action.value,
            title=_title(found),
            received=call.wire_now,
            message=tx.blob(call.arrival.body),
            origin=origin_of(found),
            reasons=tuple(_reasons(call.verdict.refusing)),
            traits={"matricule": found.ins.extension if found.ins else "", **traits_of(found.cda)},
            times=before.times + 1 if before is not None else 1,
        ),
    )


def _reasons(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [
        {
            "code": one.facts.get("application", "").partition("^")[0] or one.rule.code,
            "rule": one.rule.id,
            "fr": one.rule.sentence.fr,
            "en": one.rule.sentence.en,
            "mend_fr": one.rule.mend.fr,
            "mend_en": one.rule.mend.en,
            "where": one.where,
            "found": one.found,
            "expected": one.expected,
        }
        for one in findings
    ]


def _title(found: Received) -> str:
    cda = found.cda
    title = cda.title.text if cda is not None and cda.title is not None else ""
    return title or found.said.type_label or "Document"


def _author(found: Received) -> str:
    one = next(iter(found.cda.authors), None) if found.cda is not None else None
    if one is None:
        return ""
    place = one.organization.name.text if one.organization is not None and one.organization.name is not None else ""
    return ", ".join(filter(None, (f"{one.given} {one.family}".strip(), place)))
