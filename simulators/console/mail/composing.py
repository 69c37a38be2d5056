"""From the form of the page, or the fields of the API, to the bytes of a mail and what the operator answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from simulators.clients.mail.compose import MailPlan, compose
from simulators.clients.mail.terms import END_SUBJECT
from simulators.console.mail.submission import Handed, Unsendable, hand_over
from simulators.core.clock import PARIS
from simulators.core.mail.words import Mailbox as Named
from simulators.core.store.api import Tx
from simulators.core.world import identifier, load
from simulators.documents.papers import KINDS, paper
from simulators.mssante import mailboxes
from simulators.mssante.mailboxes import Kind, Mailbox
from simulators.population import registry
from simulators.population.model import Professional, Structure

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

MOST_RECIPIENTS: Final = 100
LONGEST_TEXT: Final = 200_000
_ADDRESS: Final = re.compile(r"[!-;=?-~]{1,254}")
_BETWEEN: Final = re.compile(r"[,;\s]+")
_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,900}>")


@dataclass(frozen=True)
class Draft:
    """What a person typed. ``to`` holds addresses between commas or blanks; ``patient`` is the matricule of the
    patient of the document to send, empty for free text; ``document`` is a key of ``KINDS``; ``answers`` the Message-ID
    of the mail it answers."""

    to: str = ""
    subject: str = ""
    text: str = ""
    patient: str = ""
    document: str = "discharge-letter"
    delivery_receipt: bool = False
    read_receipt: bool = False
    end: bool = False
    answers: str = ""

    @classmethod
    def read(cls, form: Mapping[str, str]) -> Draft:
        """The fields of the form, a missing one empty."""

        def said(name: str) -> str:
            return form.get(name, "").strip()

        return cls(
            to=said("to"),
            subject=said("subject"),
            text=said("text"),
            patient=said("patient"),
            document=said("document") or "discharge-letter",
            delivery_receipt=bool(said("delivery_receipt")),
            read_receipt=bool(said("read_receipt")),
            end=bool(said("end")),
            answers=said("answers"),
        )

    @property
    def recipients(self) -> list[str]:
        return list(dict.fromkeys(filter(None, _BETWEEN.split(self.to))))


def send_draft(sandbox: Sandbox, world: str, box: Mailbox, draft: Draft) -> Handed:
    """Composes and sends as the owner of ``box``. Raises :class:`Unsendable`."""
    _check(draft)
    message = compose(_plan(sandbox, world, box, draft))
    return hand_over(sandbox, world, box, draft.recipients, message)


def close_conversation(sandbox: Sandbox, world: str, box: Mailbox, citizen: str) -> Handed:
    """The mail whose subject alone takes away the right to answer. Raises :class:`Unsendable`."""
    return send_draft(sandbox, world, box, Draft(to=citizen, subject=END_SUBJECT, text="Fin de la conversation."))


def _check(draft: Draft) -> None:
    wrong = next((address for address in draft.recipients if not _ADDRESS.fullmatch(address)), "")
    if wrong or not draft.recipients or len(draft.recipients) > MOST_RECIPIENTS:
        raise Unsendable("mail_to_wrong", wrong)
    if not draft.subject and not draft.patient:
        raise Unsendable("mail_no_subject")
    if draft.document not in KINDS or len(draft.text) > LONGEST_TEXT:
        raise Unsendable("mail_form_wrong")


def _plan(sandbox: Sandbox, world: str, box: Mailbox, draft: Draft) -> MailPlan:
    with sandbox.store.write(world) as tx:
        now = load(tx).wire(sandbox.now()).astimezone(PARIS)
        fresh = [identifier(tx, "webmail") for _ in range(3)]
        answered_by = _read_by_people(tx, box)
        papers = (_document(tx, box, draft, _oid(fresh[0]), now),) if draft.patient else ()
    return MailPlan(
        sender=Named(box.label, box.address),
        recipients=tuple(Named("", address) for address in draft.recipients),
        message_id=message_id(fresh[1], box.address),
        date=now,
        documents=papers,
        subject=draft.subject,
        text=draft.text or ("" if draft.patient else " "),  # the usual sentence announces a document
        reply_to=answered_by,
        in_reply_to=draft.answers if _MESSAGE_ID.fullmatch(draft.answers) else "",
        delivery_receipt=draft.delivery_receipt,
        read_receipt=draft.read_receipt,
        end=draft.end,
        oid=_once(_oid(fresh[2])),
    )


def message_id(number: UUID, address: str) -> str:
    """With its angle brackets, in the domain of the mailbox."""
    return f"<{number}@{address.partition('@')[2]}>"


def _document(tx: Tx, box: Mailbox, draft: Draft, oid: str, now: datetime) -> bytes:
    patient = registry.patient(tx, draft.patient)
    author, structure = _author(tx, box)
    if patient is None or box.kind is Kind.CITIZEN:
        raise Unsendable("mail_no_patient", draft.patient)
    return paper({"kind": draft.document}, patient, author, structure, oid, now)


def _author(tx: Tx, box: Mailbox) -> tuple[Professional, Structure]:
    """A professional of the mailbox and where they work; of an applicative mailbox, whoever works in its structure,
    rather somebody of the national register than somebody known to the structure alone."""
    structures = {structure.struct_idnat.value: structure for structure in registry.structures(tx)}
    for person in sorted(registry.professionals(tx), key=lambda one: not one.ps_idnat.value.startswith("8")):
        places = [activity.structure.value for activity in person.activities]
        mine = person.ps_idnat.value in box.owners
        found = next((p for p in places if p in structures and (mine or p in box.owners)), None)
        if found is not None:
            return person, structures[found]
    raise Unsendable("mail_no_author", box.address)


def _read_by_people(tx: Tx, box: Mailbox) -> Named | None:
    """Where an answer to an applicative mailbox goes: the mailbox of its structure (ECO.2.2.5)."""
    if box.kind is not Kind.APP:
        return None
    owned = (found for owner in box.owners[:1] for found in mailboxes.owned_by(tx, owner))
    return next((Named(found.label, found.address) for found in owned if found.kind is Kind.ORG), None)


def _oid(number: UUID) -> str:
    """An OID made of a UUID (ITU-T X.667)."""
    return f"2.25.{number.int}"


def _once(oid: str) -> Callable[[], str]:
    return lambda: oid
