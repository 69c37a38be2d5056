"""A mail with documents becomes flow 6 for the record; what the record says goes back by mail."""

from __future__ import annotations

from dataclasses import replace

from simulators.clients.control import Control
from simulators.clients.mail.compose import MailPlan, compose
from simulators.clients.mail.error_mail import read_error_mail
from simulators.clients.mail.mdn import ErrorCode, Mdn, build_mdn, integrated, read_mdn
from simulators.core.hl7 import Err, Message, acknowledge
from simulators.core.mail import read_mail
from simulators.core.mail.words import Mailbox
from simulators.documents.hl7.model import Action
from simulators.documents.hl7.read import read_transmission
from simulators.documents.hl7.zam import read_zam
from simulators.mssante.writing import write
from simulators.pfi import inbox
from tests.e2e.pfi.test_journey import FIRST, SECOND
from tests.e2e.pfi.test_journey import inbox as mails_of
from tests.support.mails import NOW
from tests.support.pfi_peer import Bench, Creator


def unknown_patient(message: Message) -> bytes:
    err = Err("PID-3", "207", application=("902", "Identifiant patient inconnu", "applicationErrorCondition"))
    return acknowledge(message, "AE", "X", NOW, [err])


def post(bench: Bench, number: int, *documents: bytes, asked: bool = True, action: str | None = None) -> str:
    """A mail of the colleague to the applicative mailbox; its Message-ID."""
    plan = MailPlan(
        sender=Mailbox("", bench.colleague),
        recipients=(Mailbox("", bench.mailbox),),
        message_id=f"<mail-{number}@test>",
        date=NOW,
        documents=documents,
        subject="" if documents else "Bonjour",
        read_receipt=asked,
        action=action,
    )
    answer = write(bench.sandbox.runtime, bench.world, bench.colleague, [bench.mailbox], compose(plan))
    assert answer.status == 250, answer
    return f"mail-{number}@test"


def documents(bench: Bench) -> list[inbox.Received]:
    with bench.sandbox.store.read(bench.world) as tx:
        return inbox.every_document(tx)


def mails(bench: Bench) -> list[inbox.Mail]:
    with bench.sandbox.store.read(bench.world) as tx:
        return inbox.every(tx)


def test_from_mail_to_record(bench: Bench, creator: Creator) -> None:
    message_id = post(bench, 1, bench.cda(FIRST))
    bench.until(lambda: len(creator.heard) == 1)
    message = creator.heard[0]
    flow = read_transmission(message)
    assert (message.kind, message.value("MSH-21.1"), message.value("MSH-21.2")) == (
        "MDM^T02",
        "1.1",
        "CISIS_CDA_HL7_LPS",
    )
    assert flow.mail is not None
    assert (flow.mail.message_id, flow.document_id, flow.cda) == (message_id, FIRST, bench.cda(FIRST))
    assert flow.sender is not None
    assert flow.sender.address == bench.colleague
    assert (flow.patient.ins, flow.patient.birth_place, flow.patient.status) == ("185010099900171", "75056", "VALI")
    bench.settle()
    mdn = read_mdn(read_mail(mails_of(bench, bench.colleague)[-1]))
    assert mdn is not None
    assert (mdn.mdn.original_message_id, mdn.mdn.disposition.type, mdn.mdn.disposition.error) == (
        f"<{message_id}>",
        "processed",
        None,
    )
    assert mails_of(bench, bench.error_mailbox) == []


def test_refused_by_the_record(bench: Bench, creator: Creator) -> None:
    creator.answer = unknown_patient
    post(bench, 1, bench.cda(FIRST))
    bench.settle()
    mdn = read_mdn(read_mail(mails_of(bench, bench.colleague)[-1]))
    assert mdn is not None
    assert mdn.mdn.disposition.error is not None
    assert mdn.mdn.disposition.error.code == "902"
    (told,) = mails_of(bench, bench.error_mailbox)
    error = read_error_mail(read_mail(told))
    assert error is not None
    assert (error.error.code, error.error.label, error.code_in_text) == ("902", "Identifiant patient inconnu", True)
    assert b"IHE_XDM.ZIP" in told
    assert [one.state for one in documents(bench)] == ["refused"]
    assert len(creator.heard) == 1  # the error mail was forwarded to us: it is no news
    assert [mail.kind for mail in mails(bench)] == ["documents", "other"]


def test_no_notification_unless_asked(bench: Bench, creator: Creator) -> None:
    creator.answer = unknown_patient
    bench.set(pfi_error_form="mdn", pfi_error_mailbox=bench.colleague)
    post(bench, 1, bench.cda(FIRST), asked=False)
    bench.settle()
    (told,) = mails_of(bench, bench.colleague)
    mdn = read_mdn(read_mail(told))
    assert mdn is not None
    assert mdn.mdn.disposition.error is not None


def test_replacement_deletion_and_masked(bench: Bench, creator: Creator) -> None:
    post(bench, 1, bench.cda(SECOND, FIRST), action="C")
    bench.settle()
    post(bench, 2, bench.cda(SECOND), action="D")
    bench.settle()
    flows = [read_transmission(message) for message in creator.heard]
    assert [(flow.action, flow.replaces) for flow in flows] == [(Action.REPLACE, FIRST), (Action.DELETE, "")]
    assert [message.kind for message in creator.heard] == ["MDM^T10", "MDM^T04"]


def test_two_documents_are_two_messages(bench: Bench, creator: Creator) -> None:
    post(bench, 1, bench.cda(FIRST), bench.cda(SECOND))
    bench.settle()
    assert [read_transmission(message).document_id for message in creator.heard] == [FIRST, SECOND]
    assert len({message.control_id for message in creator.heard}) == 2
    reports = [mail for mail in mails_of(bench, bench.colleague) if read_mdn(read_mail(mail)) is not None]
    assert len(reports) == 1


def test_a_record_that_does_not_answer(bench: Bench, creator: Creator) -> None:
    creator.answer = lambda message: acknowledge(message, "AR", "X", NOW, [Err("", "207", "occupé")])
    post(bench, 1, bench.cda(FIRST))
    bench.settle()
    assert [one.state for one in documents(bench)] == ["pending"]
    creator.answer = lambda message: acknowledge(message, "AA", "X", NOW)
    bench.settle("PT5M")
    assert [one.state for one in documents(bench)] == ["integrated"]
    assert len({message.control_id for message in creator.heard}) == 1


def test_nobody_ever_answers(bench: Bench, creator: Creator) -> None:
    creator.answer = lambda message: None
    bench.set(pfi_give_up_after="PT10M")
    post(bench, 1, bench.cda(FIRST))
    bench.settle("PT20M")
    assert [(one.state, one.code) for one in documents(bench)] == [("failed", "SIMDpiInjoignable")]
    assert len(mails_of(bench, bench.error_mailbox)) == 1
    assert mails_of(bench, bench.colleague) == []


def test_another_mail_is_left(bench: Bench, creator: Creator) -> None:
    post(bench, 1)
    bench.settle()
    assert [(mail.kind, mail.message_id) for mail in mails(bench)] == [("other", "mail-1@test")]
    assert creator.heard == []


def test_read_by_its_recipient(bench: Bench, creator: Creator) -> None:
    """Our own mail, read at the other end: an MDN comes back and becomes Z03."""
    plan = bench.plan("M1", FIRST)
    only = replace(plan.flags, destdmp=False, destmssantepat=False)
    bench.send(replace(plan, flags=only, participants=plan.participants[:2]))
    bench.settle()
    told = Mdn(bench.colleague, f"<{bench.orders()[0].message_id}>", integrated(ErrorCode("902", "inconnu")))
    mdn = build_mdn(
        told,
        sender=Mailbox("", bench.colleague),
        recipient=Mailbox("", bench.mailbox),
        subject="Lu",
        message_id="<mdn-1@test>",
        date=NOW,
    )
    write(bench.sandbox.runtime, bench.world, bench.colleague, [bench.mailbox], mdn)
    bench.settle()
    zam = read_zam(next(message for message in creator.heard if message.kind == "ZAM^Z03"))
    assert (zam.accepted, zam.error, zam.address) == (False, ("902", "inconnu"), bench.colleague)
    assert bench.orders()[0].read == "error"


def test_a_certificate_opens_applicative_mailboxes_only(bench: Bench, creator: Creator, control: Control) -> None:
    bench.set(pfi_mailbox=bench.error_mailbox)
    assert control.call("POST", f"/worlds/{bench.world}/pfi/poll") == {"new": 0}
    assert bench.journal("mssante.AUTH")[-1].outcome == "refused"
    assert "AUTHENTICATIONFAILED" in bench.journal("pfi.out.IMAP")[-1].marks["trouble"]
    bench.set(pfi_mailbox="")
    post(bench, 1)
    assert control.call("POST", f"/worlds/{bench.world}/pfi/poll")["new"] in {0, 1}  # the clockwork may be quicker
    bench.settle()
    assert [mail.mailbox for mail in mails(bench)] == [bench.mailbox]


def test_nowhere_to_look(bench: Bench, creator: Creator, control: Control) -> None:
    bench.set(pfi_imap="imap.mssante.fr:993")
    assert control.call("POST", f"/worlds/{bench.world}/pfi/poll") == {"new": 0}
    bench.set(pfi_imap="no port")
    assert control.call("POST", f"/worlds/{bench.world}/pfi/poll") == {"new": 0}


def test_the_mailbox_of_a_product_that_is_the_pfi_is_left_alone(bench: Bench, control: Control) -> None:
    bench.set(pfi_mailbox="")
    message_id = post(bench, 1, bench.cda(FIRST))
    bench.settle()
    assert mails(bench) == [] and bench.journal("mssante.SELECT") == []
    control.call("POST", f"/worlds/{bench.world}/pfi/poll")
    assert [mail.message_id for mail in mails(bench)] == [message_id]
    second = post(bench, 2, bench.cda(SECOND))
    bench.until(lambda: [mail.message_id for mail in mails(bench)] == [message_id, second])
