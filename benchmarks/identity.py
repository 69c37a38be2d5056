"""Pro Santé Connect beside two other OpenID providers, driven alike over TLS on this machine, the driver included.

Not the same work: ours proves itself ready, checks every rule, commits each exchange with its journal row before the
answer and signs its access tokens; the others keep all in memory, and oidc-provider gives opaque access tokens. The
processor time a server spent for each tells more than the rate, which two processors share with the driver.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from benchmarks.identity_driver import Crowd, Driver
from benchmarks.identity_servers import Missing, Running, Start, let_devices_approve, mock_oauth2, oidc_provider, ours
from benchmarks.table import Row

STARTS: Final = 3
WARM_S, MEASURED_S = 1.5, 3.0
CROWD: Final = 8
COUNTERPARTS: Final[Mapping[str, Start]] = {"oidc-provider": oidc_provider, "mock-oauth2-server": mock_oauth2}
Begin = Callable[[Driver], Callable[[], object]]


def identity() -> list[Row]:
    """Starts, then rates."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        base = Path(folder)
        rows = [*_our_starts(_made(base / "ours"))]
        running = [stack.enter_context(ours(base / "ours"))]
        let_devices_approve(base / "ours")
        for row, counterpart in counterparts(base, stack):
            rows.append(row)
            running += [counterpart] if counterpart else []
        return [*rows, *_rates(running)]


def counterparts(base: Path, stack: contextlib.ExitStack) -> Iterator[tuple[Row, Running | None]]:
    """How fast each starts, and one left running until ``stack`` ends; one that is not here is said in its row."""
    for name, start in COUNTERPARTS.items():
        try:
            times = [_first_login(start, _made(base / name)) for _ in range(STARTS)]
            running = stack.enter_context(start(base / name))
        except Missing as missing:
            yield Row(f"{name} (counterpart)", f"not measured: {missing}"), None
        else:
            yield Row(f"start to first login, {running.provider.name}", _seconds(times)), running


def _our_starts(folder: Path) -> Iterator[Row]:
    first = _first_login(ours, folder)
    yield Row("start to first login, keys and PKI made", f"{first:.2f} s")
    yield Row("start to first login, then", _seconds([_first_login(ours, folder) for _ in range(STARTS)]))
    alone = [_first_login(lambda at: ours(at, "--only", "pro_sante_connect"), folder) for _ in range(STARTS)]
    yield Row("start to first login, `--only pro_sante_connect`", _seconds(alone))


def _first_login(start: Start, folder: Path) -> float:
    with start(folder) as running:
        return running.first_login


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _seconds(times: list[float]) -> str:
    return f"{statistics.median(times):.2f} s"


# --- what is repeated


def _flow(driver: Driver) -> Callable[[], object]:
    return driver.flow


def _ciba(driver: Driver) -> Callable[[], object]:
    return driver.ciba


def _refresh(driver: Driver) -> Callable[[], object]:
    """Each refresh token serves once."""
    kept = driver.tokens()

    def act() -> None:
        kept.update(driver.refresh(kept["refresh_token"]))

    return act


def _introspect(driver: Driver) -> Callable[[], object]:
    token = driver.tokens()["access_token"]

    def act() -> None:
        found = driver.introspect(token)
        assert found["active"], found

    return act


MEASURES: Final[Mapping[str, tuple[int, Begin]]] = {
    "code flow with PKCE and userinfo, one browser at a time": (1, _flow),
    f"code flow with PKCE and userinfo, {CROWD} browsers": (CROWD, _flow),
    f"CIBA round: request, poll, tokens; {CROWD} clients": (CROWD, _ciba),
    f"tokens by refresh, rotated; {CROWD} clients": (CROWD, _refresh),
    f"introspection; {CROWD} clients": (CROWD, _introspect),
}


def _rates(running: list[Running]) -> Iterator[Row]:
    """Each measure with every provider before the next one: what disturbs the machine disturbs them alike."""
    for what, (size, begin) in MEASURES.items():
        first = 0.0
        for one in running:
            if begin is _ciba and one.provider.ciba is None:
                yield Row(f"{what}, {one.provider.name}", "it offers no CIBA")
                continue
            rate, each = _measured(one, size, begin)
            first = first or rate
            ratio = "" if rate == first else f", {rate / first:.1f} × ours"
            yield Row(f"{what}, {one.provider.name}", f"{rate:.0f}/s, {each}{ratio}")


def _measured(one: Running, size: int, begin: Begin) -> tuple[float, str]:
    """The rate, and the processor time that the server spent for each."""
    with contextlib.closing(Crowd(one.provider, size, begin)) as crowd:
        crowd.act(WARM_S)
        before = _processor_s(one.pid)
        done, taken = crowd.act(MEASURED_S)
        spent = _processor_s(one.pid) - before
    each = f"{1000 * spent / done:.1f} ms of processor each" if spent else "processor time unknown"
    return done / taken, each


def _processor_s(pid: int) -> float:
    """User and system time of a process; 0 where /proc does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))
