"""One command and its exit code; signals go to it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from simulators.cli.child import NOT_EXECUTABLE, NOT_FOUND, Child

PYTHON = sys.executable
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_code_is_the_commands(code: int) -> None:
    with Child() as child:
        assert child.run([PYTHON, "-c", f"raise SystemExit({code})"], os.environ) == code


def test_the_command_has_the_environment_given(capfd: pytest.CaptureFixture[str]) -> None:
    with Child() as child:
        code = child.run([PYTHON, "-c", "import os; print(os.environ['SEGUR_X'])"], {**os.environ, "SEGUR_X": "é"})
    assert code == 0
    assert capfd.readouterr().out.strip() == "é"


def test_a_command_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Child() as child:
        assert child.run(["no-such-command-here"], os.environ) == NOT_FOUND
    assert "not found" in capsys.readouterr().err


@posix
def test_a_command_that_cannot_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "odd"
    script.write_bytes(b"\x00\x01")
    script.chmod(0o755)
    with Child() as child:
        assert child.run([str(script)], os.environ) == NOT_EXECUTABLE


@posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_reaches_the_command_which_decides(name: str, tmp_path: Path) -> None:
    number = getattr(signal, name)
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    code = (
        "import signal, sys, time\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(5))\n"
        f"open({str(ready)!r}, 'w').close()\n"
        "time.sleep(60)"
    )

    def later() -> None:
        ready.read_bytes()  # opens when the command is ready
        os.kill(os.getpid(), number)

    threading.Thread(target=later, daemon=True).start()
    with Child() as child:
        assert child.run([PYTHON, "-c", code], os.environ) == 5
        os.kill(os.getpid(), number)  # after it: the stop is not cut short


@posix
def test_a_command_ended_by_a_signal_tells_it_as_a_shell_does() -> None:
    with Child() as child:
        assert child.run([PYTHON, "-c", "import os; os.kill(os.getpid(), 9)"], os.environ) == 137


@posix
def test_before_the_command_a_signal_ends_the_block() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), Child():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    codes: list[int] = []

    def run() -> None:
        with Child() as child:
            codes.append(child.run([PYTHON, "-c", ""], os.environ))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert codes == [0]
