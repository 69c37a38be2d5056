"""The answer of an HTTP/1.x exchange: WSGI values to octets, without I/O.

Source: RFC 9112 §6 and §7, RFC 9110 §6.4.1 and §15, PEP 3333.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from simulators.core.listeners.http_head import RequestHead
from simulators.core.listeners.incident import Reason

_STATUS = re.compile(r"[1-5][0-9]{2} [^\r\n]*|[1-5][0-9]{2}")
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive"})


class Answer:
    """Turns (status, headers, chunks) into octets: ``head``, then ``chunk`` as often as wanted, then ``end``.

    ``keep_alive`` is final once ``head`` is made. ``truncate_after`` is the number of body octets after which
    everything is withheld (a fault), None for none. ``closing`` tells that the listener stops.
    """

    def __init__(
        self,
        method: bytes,
        version: tuple[int, int],
        keep_alive: bool,
        date: str | None,
        closing: Callable[[], bool] = lambda: False,
    ) -> None:
        self.keep_alive = keep_alive
        self._closing = closing
        self.truncate_after: int | None = None
        self._head_only = method == b"HEAD"
        self._version, self._date = version, date
        self._chunked = False
        self._bodiless = self._head_only
        self._declared: int | None = None
        self._sent = 0

    @property
    def truncated(self) -> bool:
        """Whether octets were withheld on purpose."""
        return self.truncate_after is not None and self._sent >= self.truncate_after

    def head(self, status: str, headers: list[tuple[str, str]], only_chunk: int | None) -> bytes:
        """Status line and headers; ``only_chunk`` is the whole body's size when it is known. Raises ``ValueError``."""
        _check(status, headers)
        names = {name.lower() for name, _ in headers}
        self._bodiless = self._bodiless or status[0] == "1" or status[:3] in ("204", "304")
        kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
        asked_to_close = any(name.lower() == "connection" and value.lower() == "close" for name, value in headers)
        self.keep_alive &= not asked_to_close and not self._closing()
        kept += self._length_headers(names, headers, only_chunk)
        if self._date is not None and "date" not in names:
            kept.append(("Date", self._date))
        if not self.keep_alive:
            kept.append(("Connection", "close"))
        elif self._version < (1, 1):
            kept.append(("Connection", "keep-alive"))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in kept)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def chunk(self, data: bytes) -> bytes:
        """The octets that carry ``data``; raises ``ValueError`` beyond the declared Content-Length."""
        if self._bodiless or not data:
            return b""
        if self._declared is not None and self._sent + len(data) > self._declared:
            raise ValueError("the application sends more octets than its Content-Length says")
        if self.truncate_after is not None:
            data = data[: max(0, self.truncate_after - self._sent)]
        self._sent += len(data)
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked and data else data

    def end(self) -> bytes:
        """What closes the body; raises ``ValueError`` when octets declared are missing."""
        if self.truncated:
            return b""
        if self._declared is not None and not self._bodiless and self._sent < self._declared:
            raise ValueError("the application sends fewer octets than its Content-Length says")
        return b"0\r\n\r\n" if self._chunked else b""

    def _length_headers(
        self, names: set[str], headers: list[tuple[str, str]], only_chunk: int | None
    ) -> list[tuple[str, str]]:
        if "content-length" in names:
            self._declared = int(next(value for name, value in headers if name.lower() == "content-length"))
            return []
        if self._bodiless:
            return []
        if only_chunk is not None:
            return [("Content-Length", str(only_chunk))]
        if self._version >= (1, 1):
            self._chunked = True
            return [("Transfer-Encoding", "chunked")]
        self.keep_alive = False
        return []


def answer_for(head: RequestHead, date: str | None, closing: Callable[[], bool]) -> Answer:
    """The answer that suits the request ``head``; ``closing`` is asked when the answer's head is made."""
    return Answer(head.method, head.version, head.keep_alive, date, closing)


def plain_text(status: str, text: str, date: str | None = None) -> bytes:
    """A whole answer of the listener itself, in plain text, after which the connection closes."""
    body = text.encode()
    answer = Answer(b"GET", (1, 1), False, date)
    headers = [("Content-Type", "text/plain; charset=utf-8")]
    return answer.head(status, headers, len(body)) + answer.chunk(body)


def refusal(status: str, reason: Reason, date: str | None = None) -> bytes:
    """The whole answer to a request that is refused before any application sees it."""
    return plain_text(status, f"{reason.en}\n{reason.fr}\n", date)


def _check(status: str, headers: list[tuple[str, str]]) -> None:
    # An application that lets a client's CR LF into a header would split the answer in two (RFC 9110 §5.5).
    if not _STATUS.fullmatch(status):
        raise ValueError(f"not a status: {status!r}")
    for name, value in headers:
        if not _HEADER_NAME.fullmatch(name) or "\r" in value or "\n" in value:
            raise ValueError(f"not a header: {name!r}: {value!r}")
