"""A product in a container: curl of the distribution, with the messages of the foreign product of these tests."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

PLACE = "/tmp"  # inside the container
TOLD = "\n%{http_code} %{content_type}"


class Curl:
    """``curl`` in a running container of the ``docker`` SDK, trusting ``roots`` alone when there are any."""

    def __init__(self, container: Any, roots: str, certificate: str = "", key: str = "") -> None:
        self._container = container
        self._options: list[str] = []
        files: dict[str, str] = {}
        if roots:
            self._options += ["--cacert", f"{PLACE}/roots.pem"]
            files["roots.pem"] = roots
        if certificate:
            files |= {"auth_cli.pem": certificate, "auth_cli.key": key}
            self._options += ["--cert", f"{PLACE}/auth_cli.pem", "--key", f"{PLACE}/auth_cli.key"]
        put(container, {name: text.encode("ascii") for name, text in files.items()})

    def __call__(self, url: str, *options: str) -> tuple[int, bytes, str]:
        """Exit code (60: certificate not trusted), output, and what curl said."""
        command = ["curl", "-q", "-sS", "--noproxy", "*", "--max-time", "30", *self._options, *options, url]
        done = self._container.exec_run(command, demux=True)
        out, said = done.output
        return int(done.exit_code), out or b"", (said or b"").decode("utf-8", "replace")

    def post(self, url: str, data: bytes, headers: Mapping[str, str], **_more: Any) -> SimpleNamespace:
        """As a ``requests`` session, for the foreign product. Raises ``AssertionError`` without an answer."""
        put(self._container, {"body": data})
        sent = [option for name, value in headers.items() for option in ("-H", f"{name}: {value}")]
        code, out, said = self(url, *sent, "--data-binary", f"@{PLACE}/body", "-w", TOLD)
        assert code == 0, said
        content, _end, last = out.rpartition(b"\n")
        status, _space, kind = last.decode().partition(" ")
        return SimpleNamespace(status_code=int(status), headers={"Content-Type": kind}, content=content)


def put(container: Any, files: Mapping[str, bytes]) -> None:
    """Writes files into the container's temporary folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    assert container.put_archive(PLACE, packed.getvalue())
