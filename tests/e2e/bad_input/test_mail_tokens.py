"""Tokens that end, are taken back, or belong to another: a session opened with them goes no further."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from simulators.assembly.endpoints import trust_files
from simulators.clients.control import Control
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import PSEUDO
from tests.e2e.bad_input.mail_bench import MailBench
from tests.e2e.mssante.conftest import GENERALIST, SPECIALIST, b64, xoauth2
from tests.support.imap_raw import RawImap
from tests.support.psc_person import CONNECT, Person


@pytest.fixture(scope="module")
def bench(sandbox: Sandbox, control: Control) -> MailBench:
    sandbox.create_world("tokens")
    return MailBench(sandbox, control, "tokens")


@pytest.fixture
def elsewhere(sandbox: Sandbox, control: Control) -> Iterator[MailBench]:
    if "tokens2" not in sandbox.worlds.names():
        sandbox.create_world("tokens2")
    yield MailBench(sandbox, control, "tokens2")


def box(bench: MailBench) -> str:
    return bench.house.box("PER", SPECIALIST)


def smtp_refuses(bench: MailBench, token: str, rule: str, address: str = "") -> None:
    """Politely: 334 with the reason, an empty line, 535; and the session is nobody's still."""
    client = bench.house.smtp()

    def act() -> None:
        assert client.docmd("AUTH", f"XOAUTH2 {xoauth2(address or box(bench), token)}")[0] == 334
        code, text = client.docmd("")
        assert (code, rule.encode() in text) == (535, True), text
        assert client.docmd("NOOP")[0] == 250

    bench.denied(act, rule)
    assert client.docmd(f"MAIL FROM:<{box(bench)}>")[0] == 530
    client.quit()


def imap_refuses(bench: MailBench, token: str, rule: str) -> None:
    client = RawImap(bench.port("imaps"), bench.papers)

    def act() -> None:
        client.send(f"x AUTHENTICATE XOAUTH2 {xoauth2(box(bench), token)}\r\n".encode())
        line = client.response()
        assert line.startswith(b"+ "), line
        client.send(b"\r\n")
        assert rule.encode() in client.response()

    bench.denied(act, rule)
    assert client.command(b"SELECT INBOX").status.startswith(b"BAD")
    client.close()


def test_a_token_that_nobody_gave(bench: MailBench) -> None:
    for token in ("a.b.c", "x" * 2000):
        smtp_refuses(bench, token, "MSS-AUTH-TOKEN")
        imap_refuses(bench, token, "MSS-AUTH-TOKEN")


def test_a_token_of_another_world(bench: MailBench, elsewhere: MailBench) -> None:
    """Signed by the same provider, for the same person: nothing to this world, and nothing is told to the other."""
    token = elsewhere.house.token()
    before, since = elsewhere.state(), elsewhere.cursor(elsewhere.world)
    smtp_refuses(bench, token, "MSS-AUTH-TOKEN")
    imap_refuses(bench, token, "MSS-AUTH-TOKEN")
    assert elsewhere.state() == before
    assert elsewhere.rows(elsewhere.world, since) == []


def test_a_token_of_somebody_else(bench: MailBench) -> None:
    smtp_refuses(bench, bench.house.token(GENERALIST), "MSS-AUTH-RIGHTS")


def test_a_token_taken_back(bench: MailBench) -> None:
    """Revoked at Pro Santé Connect: the next session is refused."""
    person = Person(bench.sandbox, bench.world)
    told = person.exchange(person.sign_in(SPECIALIST)["code"])
    token = str(told["access_token"])
    assert bench.house.smtp().docmd("AUTH", f"XOAUTH2 {xoauth2(box(bench), token)}")[0] == 235
    taken_back(bench, person, str(told["refresh_token"]))
    smtp_refuses(bench, token, "MSS-AUTH-TOKEN")
    imap_refuses(bench, token, "MSS-AUTH-TOKEN")


def taken_back(bench: MailBench, person: Person, refresh: str) -> None:
    """RFC 7009: with the refresh token the whole grant goes."""
    known = {"client_id": person.client["client_id"], "client_secret": person.client["secret"]}
    with requests.Session() as web:
        web.trust_env, web.verify = False, str(trust_files(bench.sandbox)["roots"])
        answer = web.post(f"{person.provider}{CONNECT}/revoke", data={**known, "token": refresh}, timeout=20)
    assert answer.status_code == 200, answer.text


# -- in the middle of a session -------------------------------------------------------------------------------------


class Expiring:
    """Sessions of every kind opened with a token, which then ends: wire time is moved, as the wall clock would."""

    def __init__(self, bench: MailBench) -> None:
        self.bench = bench
        token = bench.house.token()
        self.smtp, self.between = bench.house.smtp(), bench.house.smtp()
        for client in (self.smtp, self.between):
            assert client.docmd("AUTH", f"XOAUTH2 {xoauth2(box(bench), token)}")[0] == 235
        assert self.between.docmd(f"MAIL FROM:<{box(bench)}>")[0] == 250
        assert self.between.docmd(f"RCPT TO:<{box(bench)}>")[0] == 250
        self.imap, self.idle, self.append = (self._imap(token) for _ in range(3))
        self.idle.send(b"i IDLE\r\n")
        assert self.idle.response().startswith(b"+")
        self.append.send(b"x APPEND INBOX {20}\r\n")
        assert self.append.response().startswith(b"+")

    def _imap(self, token: str) -> RawImap:
        client = RawImap(self.bench.port("imaps"), self.bench.papers)
        assert client.command(f"AUTHENTICATE XOAUTH2 {xoauth2(box(self.bench), token)}".encode()).ok
        assert client.command(b"SELECT INBOX").ok
        return client


def test_a_token_that_ends_in_mid_session(fresh: MailBench) -> None:
    """SMTP refuses the next mail where the world says so, IMAP the next command and what was begun."""
    bench = fresh
    overrides = {"overrides": {"MSS-MAIL-TOKEN-EXPIRED": "refuse"}}
    bench.control.call("PATCH", f"/worlds/{bench.world}/policy", overrides)
    opened = Expiring(bench)
    bench.control.call("POST", f"/worlds/{bench.world}/clock", {"freeze": _later(bench)})
    before = bench.state()
    assert opened.between.docmd("DATA")[0] == 354, "a mail begun in time goes through"
    assert b"MSS-MAIL-TOKEN-EXPIRED" in opened.smtp.docmd(f"MAIL FROM:<{box(bench)}>")[1]
    assert opened.imap.command(b"FETCH 1:* FLAGS").status == b""
    opened.append.send(b"Subject: a\r\n\r\nabcd\r\n\r\n")
    assert opened.append.response().startswith(b"* BYE [EXPIRED]")
    opened.idle.send(b"DONE\r\n")
    assert opened.idle.finish(b"i").ok, "nothing came meanwhile"
    assert opened.idle.command(b"NOOP").ok
    assert opened.idle.command(b"FETCH 1:* FLAGS").status == b""
    assert bench.state() == before


def test_one_who_idles_with_an_ended_token_hears_nothing_more(fresh: MailBench) -> None:
    bench = fresh
    opened = Expiring(bench)
    bench.control.call("POST", f"/worlds/{bench.world}/clock", {"freeze": _later(bench)})
    client = bench.smtp()
    assert client.sendmail(bench.address, [box(bench)], bench.letter_to_self()) == {}
    assert opened.idle.response().startswith(b"* BYE [EXPIRED]")
    assert opened.idle.line() == b""


@pytest.fixture
def fresh(sandbox: Sandbox, control: Control) -> MailBench:
    name = f"token-{time.monotonic_ns()}"
    sandbox.create_world(name)
    return MailBench(sandbox, control, name)


def _later(bench: MailBench) -> str:
    return (bench.sandbox.now() + timedelta(hours=2)).isoformat()


def test_a_certificate_of_another_world(bench: MailBench, elsewhere: MailBench) -> None:
    """The mailbox is a credential as the certificate is: the certificate of another structure opens nothing."""
    client = elsewhere.house.smtp(structure=elsewhere.structure)
    before, since = elsewhere.state(), elsewhere.cursor(elsewhere.world)
    code, text = client.docmd("AUTH", f"EXTERNAL {b64(bench.address.encode())}")
    assert code in {235, 535}, text
    if code == 235:  # the same structure in both worlds: natural data may repeat, and the contradiction is told
        rows = bench.rows(bench.world, 0)
        assert any("MSS-AUTH-WORLD" in str(row["verdict"]) for row in rows)
    assert elsewhere.state() == before
    assert elsewhere.rows(elsewhere.world, since) == []
    assert bench.unforeseen(0, bench.cursor(PSEUDO)) == []
