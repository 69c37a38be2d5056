"""A product written in Java 17 with the JDK alone plays the whole DMP journey against a running sandbox.

The client under ``java/`` shares no code, no library and no author's constants with the sandbox: it was written from
the published message shapes. This file only compiles it, starts the sandbox as its own process, and reads its verdict.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.interop

_HERE = Path(__file__).resolve()
_CHECKOUT = _HERE.parents[2]
_SAMPLES = _CHECKOUT.parent / "shared" / "samples" / "xdm"
_SEED = "interop-java-1"


def _missing(what: str) -> None:
    """Say what is missing: skip, or fail where ``SEGUR_REQUIRE=1`` asks that nothing be skipped."""
    if os.environ.get("SEGUR_REQUIRE") == "1":
        pytest.fail(f"{what} (SEGUR_REQUIRE=1)")
    pytest.skip(what)


def _jdk(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        _missing(f"no {tool} on this machine: a JDK 17 or later is needed for the Java client")
    assert found is not None
    return found


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """The compiled client."""
    folder = tmp_path / "classes"
    sources = sorted(str(path) for path in (_HERE.parent / "java").glob("*.java"))
    command = [_jdk("javac"), "--release", "17", "-encoding", "UTF-8", "-d", str(folder), *sources]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def endpoints(tmp_path: Path) -> Iterator[Path]:
    """The endpoints file of a sandbox that lives as long as the test, in a process of its own."""
    file, log = tmp_path / "endpoints.json", tmp_path / "sandbox.log"
    command = [sys.executable, "-m", "simulators.cli.main", "up", "--random-ports", "--endpoints", str(file)]
    environment = {name: value for name, value in os.environ.items() if name != "SEGUR_SANDBOX_ENDPOINTS"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=_CHECKOUT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(process, file, log)
            yield file
        finally:
            _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes], file: Path, log: Path) -> None:
    """Return once the file exists; fail with the sandbox's own words if it died or took 120 s."""
    limit = time.monotonic() + 120
    while not file.exists():
        try:
            code = process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            assert time.monotonic() < limit, "sandbox not ready:\n" + _text(log)
        else:
            pytest.fail(f"the sandbox stopped with exit code {code}:\n" + _text(log))


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=20)


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-6000:]


def test_a_java_product_plays_the_whole_dmp_journey(classes: Path, endpoints: Path, tmp_path: Path) -> None:
    if not _SAMPLES.is_dir():
        _missing("the published samples (folder shared/samples/xdm beside the checkout) are absent")
    command = [_jdk("java"), "-Dfile.encoding=UTF-8", "-cp", str(classes), "lps.Main", str(_SAMPLES), _SEED]
    environment = {**os.environ, "SEGUR_SANDBOX_ENDPOINTS": str(endpoints)}
    done = subprocess.run(
        command, env=environment, capture_output=True, encoding="utf-8", errors="replace", timeout=300, check=False
    )
    said = done.stdout + done.stderr
    failures = [line for line in said.splitlines() if line.startswith("FAIL")]
    assert done.returncode == 0, "\n".join(failures or [said]) + "\n\n" + _text(tmp_path / "sandbox.log")
    assert "ok   TD3.2 after renewal" in said, said
