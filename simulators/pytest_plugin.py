"""pytest: the fixture ``segur``, a world of its own for each test.

One sandbox a session and a process (each xdist worker has its own), or the one that ``SEGUR_SANDBOX_ENDPOINTS`` names.
This module is imported by every pytest of the environment: it imports nothing heavy, and nothing starts before the
first test that asks.

::

    def test_feeding(segur, product):
        product.configure(segur.url("dmp", "repository"), segur.structure("hospital")["certificates"])
        product.send_letter(segur.patient("adult")["id"])
        segur.wait(operation="dmp.TD2.1", outcome="accepted")
"""

from __future__ import annotations

import os
import re
import uuid
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from simulators.clients.bench import Bench
    from simulators.clients.control import Control

VARIABLE = "SEGUR_SANDBOX_ENDPOINTS"
TITLE = "segur-sandbox: last refused exchanges"
_BENCH = pytest.StashKey["tuple[Bench, int]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("segur_profile", "profile of the tests' worlds: default or strict", default="default")
    parser.addini("segur_unknown", "unknown data in the tests' worlds: adopt, warn or refuse", default="adopt")


@pytest.fixture(scope="session")
def segur_control() -> Iterator[Control]:
    """The control API of this session's sandbox."""
    from simulators.clients.control import Control

    named = os.environ.get(VARIABLE)
    if named:
        yield Control.of_file(Path(named))
        return
    from simulators.assembly.endpoints import endpoints
    from simulators.assembly.settings import Settings
    from simulators.sandbox import Sandbox

    with Sandbox(Settings(random_ports=True, publish=False)) as sandbox:
        yield Control(endpoints(sandbox))


@pytest.fixture
def segur(request: pytest.FixtureRequest, segur_control: Control) -> Iterator[Bench]:
    """The world made for this test; it goes with it."""
    from simulators.clients.bench import Bench

    bench = Bench(segur_control, segur_control.call("POST", "/worlds", _wanted(request)))
    request.node.stash[_BENCH] = bench, _lost(segur_control)
    yield bench
    bench.drop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows why the sandbox refused what it refused."""
    report = yield
    held = item.stash.get(_BENCH, None)
    if held is not None and report.when == "call" and report.failed:
        text = _refusals(*held)
        if text:
            report.sections.append((TITLE, text))
    return report


def _wanted(request: pytest.FixtureRequest) -> dict[str, object]:
    """A name no other session uses on a shared sandbox; the seed is the test's, so that it finds the same again."""
    label = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:27].strip("-")
    return {
        "name": f"{label or 'test'}-{uuid.uuid4().hex[:12]}",
        "seed": 1 + zlib.crc32(request.node.nodeid.encode()),
        "profile": request.config.getini("segur_profile"),
        "unknown": request.config.getini("segur_unknown"),
        "certificates": True,
    }


def _lost(control: Control) -> int:
    """Where the journal of what reaches no world stands."""
    cursor: int = control.call("GET", "/worlds/-/exchanges?last=1")["cursor"]
    return cursor


def _refusals(bench: Bench, lost: int) -> str:
    from simulators.core.errors import SandboxError
    from simulators.scenario.refusals import told

    try:
        return told(bench.control, bench.world, lost_since=lost)
    except SandboxError as problem:  # the sandbox may be what failed: the test's own report must stand
        return f"the sandbox does not tell: {problem}"
