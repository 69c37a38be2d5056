"""The sandbox in a container, as its image runs: read-only root, nobody's rights, its own health command."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.interop import endpoints as finding
from tests.interop.containers.engine import IMAGE, Engine

FILE = "/data/endpoints/endpoints.json"
PATIENCE_S = 60.0
PORTS = 61
FIRST, LAST = 21000, 30000  # below the numbers that the system gives to whoever asks for any


@dataclass(frozen=True)
class Box:
    """A running sandbox in a container, asked for at ``since`` (monotonic) and healthy ``seconds`` later."""

    engine: Engine
    container: Any
    since: float
    seconds: float = 0.0

    @property
    def document(self) -> dict[str, Any]:
        """endpoints.json as the sandbox wrote it."""
        done = self.container.exec_run(["cat", FILE])
        assert done.exit_code == 0, done.output
        found: dict[str, Any] = json.loads(done.output)
        return found

    def endpoints(self, folder: Path) -> finding.Endpoints:
        """The same for a product outside, with the root certificates in ``folder``."""
        document, roots = self.document, folder / "roots.pem"
        roots.write_text(document["trust"]["pem"], "ascii")
        copy = folder / "endpoints.json"
        copy.write_text(json.dumps({**document, "trust": {**document["trust"], "roots": str(roots)}}), "utf-8")
        return finding.read(copy)

    def healthy(self) -> bool:
        """What the image's own HEALTHCHECK says now."""
        return self.engine.podman("healthcheck", "run", self.container.name, check=False).returncode == 0

    def health(self) -> Mapping[str, Any]:
        """What the engine keeps of it: ``Status`` and the ``Log`` of outputs."""
        self.container.reload()
        found: Mapping[str, Any] = self.container.attrs["State"]["Health"]
        return found

    def until_healthy(self) -> Box:
        """Raises ``AssertionError`` with the log."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.healthy():
            self.container.reload()
            late = time.monotonic() > deadline
            assert self.container.status == "running" and not late, self.container.logs().decode("utf-8", "replace")
            time.sleep(0.2)
        return replace(self, seconds=time.monotonic() - self.since)


@contextmanager
def sandbox(engine: Engine, *options: str, **more: Any) -> Iterator[Box]:
    """The image with ``options`` instead of its own, until healthy; ``more`` goes to the engine."""
    hardened = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges"], "tmpfs": {"/tmp": ""}}
    since = time.monotonic()
    container = engine.client.containers.run(IMAGE, list(options), detach=True, **{**hardened, **more})
    try:
        yield Box(engine, container, since).until_healthy()
    finally:
        container.remove(force=True, v=True)


def free_block() -> int:
    """The first of a block of ports nobody listens on now; containers publish them under the same numbers."""
    for first in range(FIRST, LAST, 100):
        if all(is_free(port) for port in range(first, first + PORTS)):
            return first
    raise AssertionError(f"no {PORTS} free ports in a row between {FIRST} and {LAST}")


def is_free(port: int) -> bool:
    """Whether nobody on this machine listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
