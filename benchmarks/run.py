"""``python -m benchmarks.run``: one command, one table."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.identity import identity
from benchmarks.mail import mail
from benchmarks.peers import peers
from benchmarks.startup import startup, worlds
from benchmarks.table import Row, render
from benchmarks.traffic import traffic
from simulators.assembly.settings import Settings
from simulators.sandbox import Sandbox


def main() -> None:
    """Durable SQLite in a temporary folder, everything on loopback; the identity providers as they come."""
    rows: list[Row] = startup()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder) / "data", durable=True, random_ports=True, publish=False)
        with Sandbox(settings) as sandbox:
            rows += worlds(sandbox)
            rows += traffic(sandbox)
    rows += identity()
    rows += mail()
    rows += peers()
    print(render(rows))


if __name__ == "__main__":
    main()
