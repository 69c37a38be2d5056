"""Steps of our peers, of mailboxes and of the world; the same when the product plays the part."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from simulators.clients.control import Refusal
from simulators.scenario.load import parse
from simulators.scenario.play import Guide, Played, Result, play
from tests.unit.scenario.fakes import FakeControl, near, row, waited

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = "segur_scenario: 2\ntitle: {fr: un, en: one}\nworld: w\nsteps:\n"
MAIL = (
    b"From: Doctor <doc@town.test>\r\nReply-To: <answers@town.test>\r\nSubject: XDM/1.0/DDM+x\r\n"
    b"Message-ID: <m1@town.test>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n'
    b"--b\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename=IHE_XDM.ZIP\r\n\r\n"
    b"PK\r\n--b--\r\n"
)
WRITE = "dpi: {write: {patient: adult, kind: discharge-letter, recipients: [per:gp]}}\n    save: letter"


@dataclass
class World(FakeControl):
    """One patient, one professional with a mailbox, one structure; documents of the record in memory."""

    worlds: list[str] = field(default_factory=lambda: ["main", "w"])
    documents: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        name = unquote(path)
        if "exchanges?since=" in name:
            since = int(name.partition("since=")[2].partition("&")[0])
            return {"exchanges": [one for one in self.rows if one["number"] > since], "cursor": since}
        if "/mailboxes?kind=PER" in name:
            self.calls.append((method, name, body))
            return {"mailboxes": [{"address": "gp@town.test", "owners": ["899"]}]}
        if name.endswith(("/messages?folder=INBOX", "/messages")):
            return {"messages": self.messages}
        found = super().call(method, path, body)
        if method == "GET" and name == "/worlds/w?certificates=true":
            people = {
                "patients": [{"slug": "adult", "id": "1850"}],
                "professionals": [{"slug": "gp", "id": "899"}],
                "structures": [{"slug": "hospital", "id": "10B"}],
            }
            return {**found, **people}
        if "/dpi/documents/7" in name and method == "GET":
            return self.documents.pop(0) if len(self.documents) > 1 else self.documents[0]
        return found

    def raw(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        return MAIL if "/messages/" in path else b""


OURS = {"application": "PFI-SEGUR-SANDBOX"}
SENT = {"id": 7, "document_id": "2.25.7", "state": "sent"}


def step(text: str) -> str:
    return f'  - say: {{fr: "faites", en: do}}\n    {text}\n'


def played(control: FakeControl, *steps: str, guide: Guide | None = None) -> Result:
    scenario = parse(HEAD + "".join(step(text) for text in steps), "s.yaml")
    clock = itertools.count()
    return play(scenario, control, lambda: NOW, lambda _: None, lambda: float(next(clock)), guide or Guide())


def only(result: Result) -> Played:
    (one,) = result.steps
    return one


def posted(control: FakeControl) -> list[tuple[str, Any]]:
    """What was asked of the control API, besides the beginning."""
    skipped = ("/reset", "/wait")
    return [(p, b) for m, p, b in control.calls if m in {"POST", "PATCH"} and not p.endswith(skipped)]


def answers(**on: Any) -> dict[str, Callable[[Any], Any]]:
    """The end of a path, ``__`` for ``/``, and what is answered there."""
    return {"/" + name.replace("__", "/"): _always(value) for name, value in on.items()}


def _always(value: Any) -> Callable[[Any], Any]:
    return lambda body: value


def test_a_document_is_written_and_validated() -> None:
    control = World(
        on=answers(dpi__documents={"id": 7, "document_id": "2.25.7", "state": "draft"}, **{"7__validate": SENT})
    )
    result = played(
        control, WRITE + "\n    expect: {state: draft}", "dpi: {validate: letter}\n    expect: {state: sent}"
    )
    assert result.passed, result.steps
    assert posted(control) == [
        ("/worlds/w/dpi/documents", {"patient": "1850", "kind": "discharge-letter", "recipients": ["gp@town.test"]}),
        ("/worlds/w/dpi/documents/7/validate", {}),
    ]


def test_within_looks_at_the_document_again() -> None:
    control = World(
        on=answers(dpi__documents={"id": 7, "document_id": "2.25.7"}, **{"7__validate": SENT}),
        documents=[{"state": "sent"}, {"state": "sent"}, {"state": "acked"}],
        waits=[waited()] * 3,
    )
    assert played(control, WRITE, "dpi: {validate: letter}\n    expect: {state: acked, within: 60s}").passed


def test_within_ends() -> None:
    control = World(
        on=answers(dpi__documents={"id": 7, "document_id": "2.25.7"}),
        documents=[{"state": "sent"}],
        waits=[waited()] * 9,
    )
    result = played(control, WRITE, "until: {document: letter, expect: {state: acked}, within: 3s}")
    assert result.steps[1].misses == {"state": ("acked", "sent")}


def test_a_peer_that_refuses_is_an_outcome_and_fails_unless_expected() -> None:
    def refuse(body: Any) -> Any:
        raise Refusal("only a draft can be validated", 409)

    on = answers(dpi__documents={"id": 7, "document_id": "2.25.7"}) | {"/7/validate": refuse}
    failed = played(World(on=on), WRITE, "dpi: {validate: letter}")
    assert failed.steps[1].misses["outcome"][1] == "refused"
    wanted = "dpi: {validate: letter}\n    expect: {outcome: refused, text: {contains: draft}}"
    assert played(World(on=on), WRITE, wanted).passed


def test_what_the_api_does_not_know_is_an_error() -> None:
    def unknown_verb(body: Any) -> Any:
        raise Refusal("no such page", 404)

    spun = World(on={"/identity/spin": unknown_verb})
    assert only(played(spun, "identity: {spin: {patient: nobody}}")).error == "no such page"
    unknown = "mail: {send: {from: per:nobody, to: [x@y.test]}}"
    assert "no nobody among its professionals" in only(played(World(), unknown)).error
    assert "saved a document as 'letter'" in only(played(World(), "dpi: {validate: letter}")).error


def test_the_other_peers() -> None:
    control = World(
        on=answers(
            identity__admit={"sent": 2},
            pfi__poll={"fetched": 1},
            orders__retry={},
            dmp__acts={"document": "L1"},
            dpi__received={"documents": [], "refused": [{"number": 9, "imported": 3}, {"number": 7, "imported": 0}]},
            **{"7__import": {}},
        )
    )
    result = played(
        control,
        "identity: {admit: {patient: adult}}\n    expect: {sent: 2}",
        "pfi: poll\n    expect: {fetched: {more: 0}}",
        "pfi: retry",
        "third_party: {by: laboratory, act: publish, patient: adult, kind: biology-report}\n    save: report",
        "third_party: {by: laboratory, act: delete, patient: adult, document: report}",
        "dpi: {import: {patient: adult}}",
    )
    assert result.passed, [one.error or one.misses for one in result.steps]
    assert posted(control)[-3:] == [
        ("/worlds/w/dmp/acts", {"by": "laboratory", "act": "publish", "patient": "1850", "kind": "biology-report"}),
        ("/worlds/w/dmp/acts", {"by": "laboratory", "act": "delete", "patient": "1850", "document": "L1"}),
        ("/worlds/w/dpi/received/7/import", {"patient": "1850"}),
    ]


def test_mail_is_sent_read_answered_and_forwarded() -> None:
    control = World(
        on=answers(compose={"status": 250, "reply": "queued"}, **{"1__receipt": {"status": 250, "reply": "ok"}})
        | {"/mailboxes/gp@town.test": lambda body: {"address": "gp@town.test"}},
        messages=[{"uid": 1, "flags": []}],
    )
    result = played(
        control,
        "mail: {send: {from: per:gp, to: [per:gp], subject: s, patient: adult}}\n    expect: {code: 250}",
        "mail: {read: {mailbox: per:gp, receipt: displayed}}\n"
        "    expect: {from: doc@town.test, text: {contains: hello}, files: IHE_XDM.ZIP, receipt: 250}",
        "mail: {reply: {from: per:gp, text: thanks}}",
        "mail: {forward: {from: per:gp, to: per:gp}}",
        "mail: {read: {mailbox: per:gp, subject: other}}\n    expect: {outcome: nothing}",
        "until: {mailbox: per:gp, expect: {count: 1, 'messages[0].subject': {contains: XDM}}}",
    )
    assert result.passed, [one.error or one.misses for one in result.steps]
    reply = {"text": "thanks", "to": ["answers@town.test"], "subject": "Re: XDM/1.0/DDM+x", "answers": "<m1@town.test>"}
    assert ("/worlds/w/mailboxes/gp@town.test/compose", reply) in posted(control)


def test_checkpoints_keep_the_world_and_what_the_scenario_knew() -> None:
    control = World(on=answers(snapshots={}, restore={}, dpi__documents={"id": 7, "document_id": "2.25.7"}))
    result = played(control, "checkpoint: before", WRITE, "restore: before", "dpi: {validate: letter}")
    assert "saved a document as 'letter'" in result.steps[-1].error
    assert ("/worlds/w/snapshots", {"name": "scenario-before"}) in posted(control)
    assert "no earlier step is the checkpoint" in only(played(World(), "restore: before")).error


def test_a_pause_waits_for_the_trainer_alone() -> None:
    waited_for: list[str] = []
    assert only(played(World(), "pause: true")).skipped
    assert not only(played(World(), "pause: true", guide=Guide(pause=waited_for.append))).skipped
    assert waited_for == ["faites"]


def test_the_last_refusal_is_explained() -> None:
    who: dict[str, Any] = {
        "wire_time": "2026-01-01T00:00:00.000",
        "who": {"structure": "10B"},
        "status": "AE",
        "marks": {},
        "world": "w",
    }
    control = World(rows=[row(1, "pfi.MDM^T02", "refused", "PFI-X", **who), row(2, **who)])
    control.on["last=1"] = lambda body: {"exchanges": [], "cursor": 0}
    one = only(played(control, "explain: last\n    expect: {outcome: refused, rule: PFI-X}"))
    assert one.passed
    assert "phrase" in one.outcome.text and "PFI-X" in one.outcome.text


# -- the product plays the part ---------------------------------------------------------------------------------------


def sut(*roles: str, tell: Callable[[str], None] | None = None) -> Guide:
    return Guide(dict.fromkeys(roles, ""), tell, None, "en")


def test_the_products_message_is_awaited_and_its_document_is_remembered() -> None:
    came = row(5, "pfi.MDM^T02", keys=["document:2.25.9", "hl7:M1"])
    control = World(waits=[waited(came, cursor=5, seen=1)])
    told: list[str] = []
    guide = Guide({"dpi": ""}, None, None, "en")
    result = played(
        control, WRITE, "dpi: {validate: letter}\n    expect: {state: acked, document: document:letter}", guide=guide
    )
    assert result.passed, [one.error or one.misses for one in result.steps]
    assert "dpi is the product under test: do" in result.steps[0].skipped
    (asked,) = [body for _, path, body in control.calls if path.endswith("/exchanges/wait")]
    assert asked["expect"] == {"operation": ["pfi.MDM^T02", "pfi.ORU^R01"]}
    assert (asked["role"], asked["step"], asked["label"]) == ("dpi", "2", "do")
    assert told == []


def test_a_refused_message_of_the_product_fails_its_step_unless_expected() -> None:
    def control() -> World:
        return World(waits=[waited(row(5, "pfi.MDM^T02", "refused", "PFI-X"), cursor=5, seen=1)])

    assert only(played(control(), "dpi: {validate: letter}", guide=sut("dpi"))).misses
    wanted = "dpi: {validate: letter}\n    expect: {outcome: refused, rule: PFI-X}"
    assert played(control(), wanted, guide=sut("dpi")).passed


def test_nothing_that_the_product_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(0.0, 200.0)
    monkeypatch.setattr("simulators.scenario.awaiting.time.monotonic", lambda: next(ticks))
    came = row(4, "pfi.ADT^A08", direction="in", who={"application": "GAM-X"})
    control = World(waits=[waited(None, cursor=4, seen=1, near=[near(4)])] * 3, rows=[came])
    control.on["last=1"] = lambda body: {"exchanges": [], "cursor": 0}
    result = played(
        control, "identity: {admit: {patient: adult}}\n    sut: {operation: dpi.ADT^A04}", guide=sut("identity")
    )
    assert only(result).misses["await"][1] == "other exchanges"
    assert not result.nothing_came
    silent = World(waits=[waited()] * 3, rows=[row(4, "pfi.ADT^A01", direction="in", who=OURS)])
    silent.on["last=1"] = lambda body: {"exchanges": [], "cursor": 0}
    monkeypatch.setattr("simulators.scenario.awaiting.time.monotonic", lambda c=itertools.count(0.0, 200.0): next(c))
    assert played(silent, "identity: {admit: {patient: adult}}", guide=sut("identity")).nothing_came


def test_what_only_its_screens_tell_is_skipped_but_the_journal_is_not() -> None:
    control = World(rows=[row(1, "dmp.TD2.1")])
    control.on["last=1"] = lambda body: {"exchanges": [], "cursor": 0}
    looked = "until: {document: letter, expect: {state: acked, journal: {operation: dmp.TD2.1}}}"
    assert only(played(control, looked, guide=sut("dpi"))).skipped
    missing = "until: {orders: true, expect: {state: acked, journal: {operation: dmp.TD9}}, within: 1s}"
    control.waits = [waited()] * 5
    assert "journal" in only(played(control, missing, guide=sut("pfi"))).misses
    assert only(played(control, "pfi: poll", guide=sut("pfi"))).skipped
