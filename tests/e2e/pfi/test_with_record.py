"""With our own hospital record at the other end: nothing but HL7 and mail lies between them."""

from __future__ import annotations

from simulators.clients.control import Control
from simulators.clients.mail.compose import MailPlan, compose
from simulators.core.mail.words import Mailbox
from simulators.mssante.writing import write
from simulators.pfi import inbox
from simulators.sandbox import Sandbox
from tests.e2e.pfi.test_incoming import documents, post
from tests.e2e.pfi.test_journey import FIRST, SECOND
from tests.e2e.pfi.test_journey import inbox as mails_of
from tests.support.mails import NOW
from tests.support.pfi_peer import Bench


def test_a_letter_goes_out(sandbox: Sandbox, world: str, control: Control) -> None:
    bench = Bench(sandbox, world)
    asked = {"patient": "adult", "kind": "discharge-letter", "validate": True}
    control.call("POST", f"/worlds/{world}/dpi/documents", asked)
    bench.settle()
    (request,) = control.call("GET", f"/worlds/{world}/pfi/requests")["requests"]
    assert [order["state"] for order in request["orders"]] == ["ok"] * len(request["orders"])
    assert {receipt["state"] for receipt in request["receipts"]} == {"acked"}


def test_a_letter_comes_in(sandbox: Sandbox, world: str) -> None:
    bench = Bench(sandbox, world)
    post(bench, 1, bench.cda(FIRST))
    bench.settle()
    assert [(one.state, one.code) for one in documents(bench)] == [("integrated", "")]
    (flow,) = bench.journal("dpi.MDM^T02")
    assert f"document:{FIRST}" in flow.keys
    assert len(mails_of(bench, bench.colleague)) == 1


def test_forwarded_by_the_organisation(sandbox: Sandbox, world: str) -> None:
    bench = Bench(sandbox, world)
    to = Mailbox("", bench.error_mailbox)  # its ORG mailbox
    plan = MailPlan(Mailbox("", bench.colleague), (to,), "<org@test>", NOW, (bench.cda(SECOND),), read_receipt=True)
    write(sandbox.runtime, world, bench.colleague, [to.address], compose(plan))
    bench.settle()
    assert [one.state for one in documents(bench)] == ["integrated"]
    with sandbox.store.read(world) as tx:
        kinds = [mail.kind for mail in inbox.every(tx)]
    assert kinds[0] == "documents"
    assert set(kinds) <= {"documents", "mdn"}


def test_a_patient_the_record_does_not_know(sandbox: Sandbox, world: str) -> None:
    bench = Bench(sandbox, world)
    people = sandbox.describe(world, certificates=False)["patients"]
    assert people
    cda = bench.cda(FIRST).replace(b"19850115", b"19850116")  # one trait differs
    post(bench, 1, cda)
    bench.settle()
    assert [(one.state, one.code) for one in documents(bench)] == [("refused", "904")]
    assert len(mails_of(bench, bench.error_mailbox)) == 1
