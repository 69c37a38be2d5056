"""``up`` to one exchange per protocol, memory, worlds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row, median_ms
from simulators.assembly.endpoints import describe_world, endpoints
from simulators.clients.control import Control
from simulators.sandbox import Sandbox


def startup() -> list[Row]:
    """Starts the command as a user would, several times, and reads its memory once ready."""
    times: list[float] = []
    memory = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(4):
            path = Path(folder) / f"endpoints{number}.json"
            command = [sys.executable, "-m", "simulators.cli.main", "up", "--random-ports", "--endpoints", str(path)]
            environment = {**os.environ, "XDG_CACHE_HOME": folder}
            start = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
            while not path.exists() and process.poll() is None:
                time.sleep(0.005)
            times.append(time.perf_counter() - start)
            memory = max(memory, _rss_mb(process.pid))
            process.terminate()
            process.wait(20)
    return [
        Row("up to one exchange per protocol, first time (keys and PKI made)", f"{times[0]:.2f} s"),
        Row("up to one exchange per protocol, then", f"{sorted(times[1:])[1]:.2f} s", "2.5 s, stretch 1.5"),
        Row("resident memory once ready", f"{memory:.0f} MB", "150 MB"),
    ]


def worlds(sandbox: Sandbox) -> list[Row]:
    """Creation and reset on the running store."""
    names = iter(f"bench{n}" for n in range(1000))
    create = median_ms(lambda: sandbox.create_world(next(names)))
    with_keys = median_ms(lambda: describe_world(sandbox, sandbox.create_world(next(names)).name, files=False))
    control = Control(endpoints(sandbox))
    asked = median_ms(lambda: control.call("POST", "/worlds", {"name": next(names), "certificates": True}))
    reset = median_ms(lambda: sandbox.worlds.reset("bench0"))
    return [
        Row("world created", f"{create:.0f} ms", "20 ms"),
        Row("world created with every certificate", f"{with_keys:.0f} ms", "100 ms"),
        Row("the same by `POST /worlds`, certificates in the answer", f"{asked:.0f} ms", "100 ms"),
        Row("world reset", f"{reset:.0f} ms", "20 ms"),
    ]


def _rss_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0.0
    line = next((row for row in text.splitlines() if row.startswith("VmRSS:")), "VmRSS: 0")
    return int(line.split()[1]) / 1024
