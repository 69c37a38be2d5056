"""The head of an HTTP/1.x request: octets to values, without I/O.

Source: RFC 9112 (syntax, framing, smuggling guards of §6.3 and §11.2) and RFC 9110. Strict on purpose: a vendor's
client that sends an ambiguous head must hear of it here, not in production.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulators.core.listeners.incident import Kind, Reason

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VERSION = re.compile(rb"HTTP/(\d)\.(\d)")
_TARGET = re.compile(rb"[!-~\x80-\xff]+")
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#]*)([^#]*)")
_FORBIDDEN_IN_VALUE = re.compile(rb"[\x00\r\n]")
END_OF_HEAD = b"\r\n\r\n"


class BadRequest(Exception):
    """The request must be refused before any application sees it.

    ``status`` is the status line's end ("400 Bad Request"), ``kind`` and ``reason`` serve the incident.
    """

    def __init__(self, status: str, reason: Reason, kind: Kind = Kind.MALFORMED) -> None:
        super().__init__(reason.en)
        self.status, self.reason, self.kind = status, reason, kind


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request line and its headers; names are lower case, values stripped, order kept, all still octets."""

    method: bytes
    target: bytes
    path: bytes
    query: bytes
    version: tuple[int, int]
    headers: tuple[tuple[bytes, bytes], ...]
    raw: bytes

    def values(self, name: bytes) -> list[bytes]:
        """All values of header ``name`` (lower case)."""
        return [value for key, value in self.headers if key == name]

    def tokens(self, name: bytes) -> list[bytes]:
        """Elements of a comma-separated header, lower case."""
        parts = b",".join(self.values(name)).split(b",")
        return [part.strip().lower() for part in parts if part.strip()]

    @property
    def keep_alive(self) -> bool:
        """Whether the client wants the connection to persist (RFC 9112 §9.3)."""
        tokens = self.tokens(b"connection")
        return b"close" not in tokens and (self.version >= (1, 1) or b"keep-alive" in tokens)

    @property
    def chunked(self) -> bool:
        """Whether the body is framed in chunks."""
        return bool(self.values(b"transfer-encoding"))

    @property
    def length(self) -> int:
        """Octets announced by Content-Length, 0 when there is none."""
        values = self.values(b"content-length")
        return int(values[0]) if values else 0

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for ``100 Continue`` before its body (RFC 9110 §10.1.1)."""
        return self.version >= (1, 1) and b"100-continue" in self.tokens(b"expect")


def check_beginning(data: bytes | bytearray) -> None:
    """Refuse as early as possible what cannot become an HTTP request (first line only).

    Raises ``BadRequest`` so that a client speaking another protocol is told at once instead of after a time limit.
    """
    line, found, _ = bytes(data[:8_192]).partition(b"\n")
    if not found:
        if data and not _TOKEN.match(data[:1]):
            raise _bad("request_line", "Pas de méthode HTTP au début.", "No HTTP method at the beginning.")
        return
    if not line.endswith(b"\r"):
        raise _bad(
            "bare_line_feed",
            "Les lignes HTTP finissent par CR LF ; un LF seul a été reçu.",
            "HTTP lines end with CR LF; a bare LF was received.",
        )
    _request_line(line[:-1])


def parse_head(raw: bytes) -> RequestHead:
    """The head in ``raw`` (up to and including the empty line, no empty line in front).

    Raises ``BadRequest``.
    """
    first, *lines = raw[: -len(END_OF_HEAD)].split(b"\r\n")
    method, target, version = _request_line(first)
    path, query = _split_target(method, target)
    headers = tuple(_header(line) for line in lines)
    head = RequestHead(method, target, path, query, version, headers, raw)
    _check_host(head)
    _check_framing(head)
    return head


def _request_line(line: bytes) -> tuple[bytes, bytes, tuple[int, int]]:
    parts = line.split(b" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]) or not _TARGET.fullmatch(parts[1]):
        raise _bad(
            "request_line",
            "Première ligne illisible : « MÉTHODE cible HTTP/1.1 » attendu.",
            "Unreadable first line: METHOD target HTTP/1.1 expected.",
        )
    version = _VERSION.fullmatch(parts[2])
    if version is None:
        raise _bad("http_version", "Version HTTP illisible.", "Unreadable HTTP version.")
    if version[1] != b"1":
        reason = Reason("http_version", "Seul HTTP/1.x est servi ici.", "Only HTTP/1.x is served here.")
        raise BadRequest("505 HTTP Version Not Supported", reason)
    return parts[0], parts[1], (1, min(int(version[2]), 1))


def _split_target(method: bytes, target: bytes) -> tuple[bytes, bytes]:
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute:
        target = absolute[2] if absolute[2].startswith(b"/") else b"/" + absolute[2]
    if b"#" in target or not (target.startswith(b"/") or (target == b"*" and method == b"OPTIONS")):
        raise _bad(
            "request_target",
            "La cible de la requête doit commencer par « / » et ne pas porter de fragment.",
            "The request target must begin with / and carry no fragment.",
        )
    path, _, query = target.partition(b"?")
    return path, query


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    # A name followed by a space and a folded line are the two classical ways to smuggle a header past a proxy.
    if not colon or not _TOKEN.fullmatch(name) or _FORBIDDEN_IN_VALUE.search(value):
        raise _bad(
            "header",
            "Ligne d'en-tête illisible (nom, deux-points, valeur ; ni repli de ligne ni LF seul).",
            "Unreadable header line (name, colon, value; no line folding, no bare LF).",
        )
    return name.lower(), value.strip(b" \t")


def _check_host(head: RequestHead) -> None:
    hosts = len(head.values(b"host"))
    if hosts > 1 or (hosts == 0 and head.version >= (1, 1)):
        raise _bad("host", "HTTP/1.1 exige un en-tête Host, un seul.", "HTTP/1.1 demands one Host header, only one.")


def _check_framing(head: RequestHead) -> None:
    lengths, encodings = set(head.values(b"content-length")), head.tokens(b"transfer-encoding")
    if head.chunked and encodings != [b"chunked"]:
        reason = Reason("transfer_encoding", "Transfer-Encoding non géré.", "Unsupported Transfer-Encoding.")
        raise BadRequest("501 Not Implemented", reason)
    if head.chunked and (lengths or head.version < (1, 1)):
        raise _bad(
            "ambiguous_length",
            "Transfer-Encoding avec Content-Length ou en HTTP/1.0 : longueur ambiguë.",
            "Transfer-Encoding with Content-Length or in HTTP/1.0: ambiguous length.",
        )
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]{1,18}", value) for value in lengths):
        raise _bad("content_length", "Content-Length illisible ou répété.", "Unreadable or repeated Content-Length.")
    if [token for token in head.tokens(b"expect") if token != b"100-continue"]:
        raise BadRequest("417 Expectation Failed", Reason("expect", "Expect non géré.", "Unsupported Expect."))


def _bad(cause: str, fr: str, en: str) -> BadRequest:
    return BadRequest("400 Bad Request", Reason(cause, fr, en))
