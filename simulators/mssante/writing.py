"""Writing as the owner of a mailbox without a mail client: pages, scenarios, and citizens, who have no other way."""

from __future__ import annotations

from collections.abc import Sequence

from simulators.core.exchange import Answer, Arrival, Call, Runtime
from simulators.mssante import citizen, delivery, mailboxes
from simulators.mssante.envelope import Envelope, Recipient
from simulators.mssante.mailboxes import Kind, NoSuchMailbox, State
from simulators.mssante.names import NAME
from simulators.mssante.operations import MESSAGE
from simulators.mssante.rules import submission as rules
from simulators.mssante.smtp.actions import ok
from simulators.mssante.smtp.flow import Command, run
from simulators.mssante.smtp.judging import check_rcpt

WEB = "webmail"


def write(runtime: Runtime, world: str, sender: str, recipients: Sequence[str], message: bytes) -> Answer:
    """One message of the mailbox ``sender``, under the rules of submission; a citizen only answers. The answer is that
    of SMTP. Raises ``NoSuchMailbox``."""
    with runtime.store.read(world) as tx:
        box = mailboxes.get(tx, sender)
    envelope = Envelope(box.address, tuple(Recipient(address) for address in recipients))

    def perform(call: Call) -> Answer:
        _check(call, box.address, envelope)
        parcel = delivery.Parcel(envelope, message, box.address, f"from {WEB}")
        return ok(f"250 2.0.0 Ok: queued as {delivery.accept(call, parcel)}")

    head = {"Rcpt-To": ", ".join(recipients)}
    arrival = Arrival(NAME, WEB, WEB, "MESSAGE", f"<{box.address}>", head, message, world)
    return run(runtime, Command(MESSAGE, arrival, perform, who={"mailbox": box.address}, quiet=False))


def _check(call: Call, sender: str, envelope: Envelope) -> None:
    """Raises ``Refused``."""
    box = mailboxes.find(call.tx, sender)
    if box is None:
        raise NoSuchMailbox(sender)
    if box.state is not State.OPEN:
        call.find(rules.SENDER_STATE.finding("mailbox.state", found=box.state.value, expected="open"))
    for position, recipient in enumerate(envelope.recipients):
        before = Envelope(sender, envelope.recipients[:position], smtputf8=True)
        check_rcpt(call, before, recipient, operator=False)
        if box.kind is Kind.CITIZEN:
            citizen.check_answer(call, sender, recipient.address)
