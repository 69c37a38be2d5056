"""What a mail is: archives wherever they stand, none in what only answers."""

from __future__ import annotations

from simulators.clients.mail.compose import MailPlan, compose, forward
from simulators.clients.mail.error_mail import build_error_mail
from simulators.clients.mail.mdn import ErrorCode
from simulators.core.mail import read_mail
from simulators.core.mail.words import Mailbox
from simulators.core.store import Store
from simulators.core.world import Worlds
from simulators.documents.hl7.model import Action
from simulators.pfi import inbox
from simulators.pfi.flow6 import document_of_mail, participants_of
from simulators.pfi.sorting import described_documents, read_letter, take
from tests.support.mails import DOCUMENT_OID, NOW, cda

ME = "hospital.app@main.mssante.test"
YOU = Mailbox("Dominique", "dominique@main.mssante.test")


def mail(action: str | None = None, replaces: str = "") -> bytes:
    documents = (cda(replaces=replaces),)
    return compose(MailPlan(YOU, (Mailbox("", ME),), "<one@test>", NOW, documents, action=action))


def sorted_as(store: Store, raw: bytes) -> tuple[str, str, list[inbox.Received]]:
    worlds = Worlds(store, lambda: NOW)
    world = worlds.ensure("main")
    with store.write("main") as tx:
        kept = inbox.keep(tx, raw, message_id="one@test", uid=f"{ME} 1:1", mailbox=ME, received=NOW)
        assert kept is not None
        assert inbox.keep(tx, raw, message_id="one@test", uid=f"{ME} 1:1", mailbox=ME, received=NOW) is None
        take(tx, world, NOW, kept, read_letter(raw))
        found = inbox.numbered(tx, kept.number)
        return found.kind, found.note, inbox.documents(tx, kept.number)


def test_documents(memory_store: Store) -> None:
    kind, _, (one,) = sorted_as(memory_store, mail())
    assert (kind, one.document, one.action, one.state) == ("documents", DOCUMENT_OID, "initial", "pending")


def test_forwarded_inside_a_mail(memory_store: Store) -> None:
    wrapped = forward(mail(), sender=YOU, recipient=Mailbox("", ME), message_id="<two@test>", date=NOW, inline=False)
    assert sorted_as(memory_store, wrapped)[0] == "documents"


def test_an_error_mail_is_no_news(memory_store: Store) -> None:
    raw = build_error_mail(
        ErrorCode("902", "inconnu"),
        sender=YOU,
        recipient=Mailbox("", ME),
        subject="XDM/1.0/DDM+x",
        message_id="<three@test>",
        date=NOW,
        original=mail(),
    )
    kind, note, found = sorted_as(memory_store, raw)
    assert (kind, note[:10], found) == ("other", "error mail", [])


def test_a_damaged_archive_is_left(memory_store: Store) -> None:
    raw = mail()
    start = raw.index(b"UEsDB")
    kind, note, _ = sorted_as(memory_store, raw[:start] + b"AAAAA" + raw[start + 5 :])
    assert kind == "other"
    assert note


def test_anything_else(memory_store: Store) -> None:
    assert sorted_as(memory_store, b"\xff\xfe no mail at all")[0] == "other"


def test_action_and_parent() -> None:
    (found,), problem = described_documents(read_mail(mail("C", "1.2.3")))
    flow = document_of_mail(found)
    assert (problem, flow.action, flow.replaces, flow.type_system) == ("", Action.REPLACE, "1.2.3", "LN")
    assert flow.patient.given_list
    (found,), _ = described_documents(read_mail(mail("D")))
    assert document_of_mail(found).action is Action.DELETE


def test_participants() -> None:
    sender, to = participants_of(read_mail(mail()), ME)
    assert (sender.role, sender.address, sender.org_name, to.role, to.address) == (
        "SB",
        YOU.address,
        "Dominique",
        "RCT",
        ME,
    )
