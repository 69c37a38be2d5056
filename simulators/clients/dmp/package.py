"""The MTOM package of a feeding request (dmp-messages §5.1): multipart/related, exact bytes."""

from __future__ import annotations

from collections.abc import Sequence

ROOT_ID = "root@segur-sandbox.test"


def package(envelope: bytes, parts: Sequence[tuple[str, bytes]], boundary: str) -> tuple[str, bytes]:
    """``(Content-Type, body)``; ``parts`` are ``(Content-ID without brackets, bytes)``."""
    chunks = [_head(boundary, 'application/xop+xml; charset=UTF-8; type="application/soap+xml"', ROOT_ID), envelope]
    for content_id, data in parts:
        chunks += [b"\r\n", _head(boundary, "text/xml", content_id), data]
    chunks.append(f"\r\n--{boundary}--\r\n".encode())
    kind = (
        f'multipart/related; boundary="{boundary}"; type="application/xop+xml"; '
        f'start="<{ROOT_ID}>"; start-info="application/soap+xml"'
    )
    return kind, b"".join(chunks)


def _head(boundary: str, kind: str, content_id: str) -> bytes:
    lines = f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{content_id}>"
    return (lines + "\r\n\r\n").encode()
