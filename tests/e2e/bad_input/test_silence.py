"""Slow and silent peers against short limits: each is told, or cut, and leaves its row; the others are served."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.assembly.endpoints import endpoints
from simulators.assembly.settings import Settings
from simulators.clients.control import Control
from simulators.core.listeners import Limits
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import PSEUDO, Bench, Expect, http_status, nothing
from tests.support.raw_http import Place, RawAnswer, Talk, converse

SHORT = Limits(first_byte_seconds=1, handshake_seconds=1, headers_seconds=1, request_seconds=1, linger_seconds=0.1)
SILENT = 50


@pytest.fixture(scope="module")
def hurried(cache: Path) -> Iterator[Bench]:
    """A sandbox of its own whose listeners wait for a second."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    with Sandbox(Settings(random_ports=True, publish=False, environment=environment, limits=SHORT)) as sandbox:
        sandbox.create_world("hurried")
        yield Bench(sandbox, Control(endpoints(sandbox)), "hurried")


def told(bench: Bench, place: Place, pieces: list[bytes], expected: Expect, cause: str) -> None:
    row = bench.refused(lambda: converse(place, pieces), expected, "CORE-TIMEOUT", world=PSEUDO, outcome="incident")
    assert row["status"] == cause


def closed(answer: RawAnswer) -> None:
    nothing(answer)
    assert answer.alert == ""


def test_says_nothing(hurried: Bench) -> None:
    told(hurried, Place.of(hurried.url), [], closed, "first_byte")


def test_says_nothing_after_the_handshake(hurried: Bench) -> None:
    told(hurried, hurried.place, [], closed, "first_byte")


def test_half_a_client_hello(hurried: Bench) -> None:
    told(hurried, Place.of(hurried.url), [bytes.fromhex("16030100c8010000c40303")], closed, "handshake")


def test_headers_that_stop(hurried: Bench) -> None:
    told(hurried, hurried.place, [b"POST / HTTP/1.1\r\nHost: x\r\nX-"], http_status(408), "headers")


def test_a_body_that_stops(hurried: Bench) -> None:
    letter = hurried.letter("TD2.1")
    raw = letter.raw(hurried.host, length=len(letter.body) + 1)
    told(hurried, hurried.place, [raw], http_status(408), "request")


def test_a_crowd_of_silent_ones_leaves_a_row_each(hurried: Bench) -> None:
    bench, since, before = hurried, hurried.cursor(PSEUDO), hurried.state()
    with contextlib.ExitStack() as stack:
        talks = [stack.enter_context(Talk(Place.of(bench.url))) for _ in range(SILENT)]
        bench.still_serves()
        for talk in talks:
            closed(talk.say())
    bench.awaited(PSEUDO, since + SILENT - 1, "CORE-TIMEOUT")
    rows = bench.rows(PSEUDO, since)
    assert [row["status"] for row in rows] == ["first_byte"] * SILENT
    assert len({row["who"]["address"] for row in rows}) == SILENT
    assert bench.state() == before
    bench.still_serves()
