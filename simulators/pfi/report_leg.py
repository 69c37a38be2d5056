"""Mailing a notification to who asked for it, and an error to the configured mailbox (facts pfi §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from simulators.clients.dmp.access import replayable_ids
from simulators.clients.mail.compose import NIL
from simulators.clients.mail.error_mail import build_error_mail
from simulators.clients.mail.mdn import ErrorCode, Mdn, build_mdn, integrated
from simulators.clients.mail.sending import send
from simulators.core.clock import PARIS
from simulators.core.mail import read_mail
from simulators.core.mail.words import Mailbox
from simulators.core.store.api import Tx
from simulators.core.world import World
from simulators.pfi import boxes, inbox, log, reports
from simulators.pfi.ground import Ground, NotReachable
from simulators.pfi.inbox import Mail
from simulators.pfi.mail_leg import spoken, submission
from simulators.pfi.names import NAME, REPORT
from simulators.pfi.queue import Work
from simulators.pfi.runner import Spoken
from simulators.pfi.settings import ERROR_FORM
from simulators.population.model import Structure


@dataclass(frozen=True)
class Report:
    """One mail to write. ``form`` is mdn or mail; ``original`` the mail it tells of."""

    name: str
    mail: Mail
    original: bytes
    sender: str
    home: Structure | None
    recipient: str
    form: str
    error: ErrorCode | None


class ReportJob:
    """The work ``pfi.report``."""

    kind: Final = REPORT
    operation: Final = f"{NAME}.out.REPORT"

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def prepare(self, tx: Tx, world: World, name: str) -> Report:
        number, _, what = name.removeprefix("in").partition(".")
        mail = inbox.numbered(tx, int(number))
        original = inbox.content(tx, mail)
        failed = reports.problem(inbox.documents(tx, mail.number))
        error = ErrorCode(failed.code, failed.label) if failed is not None else None
        here = boxes.hospital(tx)
        if what == reports.NOTIFICATION:
            recipient, form = reports.requester(read_mail(original)), "mdn"
        else:
            recipient, form = boxes.error_mailbox(tx, world.policy), ERROR_FORM.text(world.policy)
        return Report(name, mail, original, mail.mailbox, here, recipient, form, error)

    def keys(self, prepared: Report) -> tuple[str, ...]:
        return (f"message:{prepared.mail.message_id}",)

    def speak(self, world: World, prepared: Report, work: Work) -> Spoken:
        if not prepared.recipient or prepared.home is None:
            raise NotReachable("no error mailbox: the world has no hospital and pfi.error-mailbox is empty")
        drawn = replayable_ids(f"{world.name}:{world.seed}:{REPORT}:{prepared.name}")()
        message_id = f"{drawn}@{prepared.sender.rpartition('@')[2]}"
        letter = self._letter(world, prepared, message_id)
        server = submission(self._ground, world, self._ground.identity(world.name, prepared.home.struct_idnat.value))
        never = [(prepared.recipient, " NOTIFY=NEVER")]
        sent = send(server, prepared.sender, never, letter, external=prepared.sender)
        return spoken(self.operation, server, letter, sent, prepared.recipient, message_id)

    def conclude(self, tx: Tx, world: World, prepared: Report, spoken: Spoken) -> None:
        now = world.business(self._ground.runtime.now())
        event = log.SENT if spoken.accepted and not spoken.trouble else log.FAILED
        told = f"{prepared.form} to {prepared.recipient} {prepared.error or 'processed'} {spoken.status}"
        log.write(tx, now, event, prepared.name, told.rstrip())

    def _letter(self, world: World, report: Report, message_id: str) -> bytes:
        date = world.wire(self._ground.runtime.now()).astimezone(PARIS)
        sender, recipient = (
            Mailbox(report.home.name if report.home else "", report.sender),
            Mailbox("", report.recipient),
        )
        if report.form == "mdn":
            told = Mdn(report.sender, f"<{report.mail.message_id}>", integrated(report.error), report.sender, NAME)
            return build_mdn(
                told,
                sender=sender,
                recipient=recipient,
                subject=report.mail.subject,
                message_id=f"<{message_id}>",
                date=date,
                original=report.original,
                nil=NIL,
            )
        return build_error_mail(
            report.error or ErrorCode("906", "Erreur 'Autre'"),
            sender=sender,
            recipient=recipient,
            subject=report.mail.subject,
            message_id=f"<{message_id}>",
            date=date,
            original=report.original,
            nil=NIL,
        )
