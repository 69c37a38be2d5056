"""``journal replay``: one exchange as a line that can be pasted, as a raw file, or sent again.

A protocol adds itself to :data:`REPLAYERS`: which rows it speaks, its line, and how it sends.
"""

from __future__ import annotations

import re
import shlex
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from simulators.clients.control import Control, world_path
from simulators.clients.outbound import check_host
from simulators.core.errors import EnvironmentProblem, SandboxError

Row = Mapping[str, Any]
PATIENCE_S = 60.0
# RFC 9110 §7.6.1, and what the sender computes anew.
_NOT_SENT = frozenset(
    {"connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
    | {"host", "content-length", "proxy-authorization", "proxy-authenticate"}
)
_REQUEST_LINE = re.compile(r"([A-Z]{1,20}) (/\S*|\*)")


class CannotReplay(SandboxError):
    """The row is no request that can be sent again."""


@dataclass(frozen=True)
class Sent:
    """What came back: the protocol's status, and the address the request left from, as the journal writes it."""

    status: str
    address: str


@dataclass(frozen=True)
class Replayer:
    """One protocol. ``line(remote, row, file)`` is what to paste, ``file`` holding the raw request."""

    speaks: Callable[[Row], bool]
    line: Callable[[Control, Row, Path], str]
    send: Callable[[Control, Row, bytes], Sent]


def replayer_of(row: Row) -> Replayer:
    """Raises :class:`CannotReplay`: an incident has no request."""
    for replayer in REPLAYERS:
        if replayer.speaks(row):
            return replayer
    raise CannotReplay(f"exchange {row['number']} ({row['operation']}) is no request that can be sent again")


# --- HTTP


@dataclass(frozen=True)
class HttpRequest:
    """A row as a request: ``certificate`` are its files when it came over mutual TLS with one of ours, ``foreign`` the
    fingerprint of a certificate whose key the sandbox does not hold."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    roots: str
    certificate: Mapping[str, str] | None = None
    foreign: str = ""


def http_request(remote: Control, row: Row) -> HttpRequest:
    """The request of an HTTP row, to where that service listens now."""
    line, *lines = row["request"]["head"].split("\n")
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise CannotReplay(f"exchange {row['number']}: no request line")
    headers = [(name, value) for name, _, value in (text.partition(": ") for text in lines)]
    host = next((value for name, value in headers if name.lower() == "host"), "")
    fingerprint = row["who"].get("certificate", "")
    files = _files(remote, row["world"], fingerprint) if fingerprint else None
    return HttpRequest(
        found[1],
        _base(remote, row, host) + _prefix(row) + _target(found[2]),
        tuple((name, value) for name, value in headers if name.lower() not in _NOT_SENT),
        remote.document["trust"]["roots"],
        files,
        "" if files else fingerprint,
    )


def curl(remote: Control, row: Row, file: Path) -> str:
    """A curl line for a POSIX shell; a comment before it when a file must be named by the user."""
    request = http_request(remote, row)
    words = ["curl", "-sS", "-i", "--noproxy", "*", "-X", request.method, request.url]
    for name, value in request.headers:
        # curl leaves out a header without a value unless it ends with a semicolon.
        words += ["-H", f"{name}: {value}" if value else f"{name};"]
    if row["request"]["size"]:
        words += ["--data-binary", f"@{file}"]
    if request.url.startswith("https:"):
        words += ["--cacert", request.roots]
    if request.certificate is not None:
        words += ["--cert", request.certificate["certificate"], "--key", request.certificate["key"]]
    line = " ".join(map(shlex.quote, words))
    if not request.foreign:
        return line
    return f"# your own client certificate, SHA-256 {request.foreign}: add --cert FILE --key FILE\n{line}"


def send_http(remote: Control, row: Row, body: bytes) -> Sent:
    """Sends it again, to the sandbox only. Raises ``EnvironmentProblem``, :class:`CannotReplay`."""
    request = http_request(remote, row)
    if request.foreign:
        raise CannotReplay(f"it came with your own certificate (SHA-256 {request.foreign}): paste the --curl line")
    url = urlsplit(request.url)
    host = url.hostname or ""
    check_host(host, [host])  # the user named it by starting the sandbox there
    connection = _connection(host, url.port, request) if url.scheme == "https" else HTTPConnection(host, url.port)
    connection.timeout = PATIENCE_S
    target = url.path + (f"?{url.query}" if url.query else "")
    try:
        connection.connect()
        address = _own_address(connection.sock)
        connection.request(request.method, target, body or None, dict(request.headers))
        answer = connection.getresponse()
        answer.read()
        return Sent(str(answer.status), address)
    except HTTPException as problem:
        return Sent(type(problem).__name__, address)
    except (ConnectionError, TimeoutError, ssl.SSLError) as problem:
        raise EnvironmentProblem(f"{request.url} does not answer: {problem}") from problem
    finally:
        connection.close()


def _connection(host: str, port: int | None, request: HttpRequest) -> HTTPSConnection:
    context = ssl.create_default_context(cafile=request.roots)
    if request.certificate is not None:
        context.load_cert_chain(request.certificate["certificate"], request.certificate["key"])
    return HTTPSConnection(host, port, context=context)


def _own_address(sock: socket.socket) -> str:
    return ":".join(map(str, sock.getsockname()[:2]))


def _target(text: str) -> str:
    """The journal holds the decoded path and the query as it came."""
    path, mark, query = text.partition("?")
    return quote(path, safe="/:@!$&'()*+,;=-._~") + mark + query


def _prefix(row: Row) -> str:
    by_address = str(row["marks"].get("world_by", "")).startswith("address:")
    return f"/w/{quote(row['world'], safe='')}" if by_address else ""


def _base(remote: Control, row: Row, host: str) -> str:
    """Where the port that was called is now; where the service is now, when it has moved."""
    urls = {name: [u for u in labels.values() if isinstance(u, str)] for name, labels in _services(remote).items()}
    own = next((found for name, found in urls.items() if name == row["protocol"]), [])
    every = own + [url for found in urls.values() for url in found]
    asked = _port(f"//{host}")
    for url in every:
        if asked is not None and _port(url) == asked:
            return "{0.scheme}://{0.netloc}".format(urlsplit(url))
    if not own:
        raise CannotReplay(f"exchange {row['number']}: no service named {row['protocol']} is up")
    return "{0.scheme}://{0.netloc}".format(urlsplit(own[0]))


def _services(remote: Control) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = remote.document["services"]
    return found


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def _files(remote: Control, world: str, fingerprint: str) -> Mapping[str, str] | None:
    """The files of the world's certificate with this fingerprint, None when the sandbox did not issue it there."""
    described = remote.call("GET", f"{world_path(world)}?certificates=true")
    for structure in described["structures"]:
        for use in ("auth_cli", "sign"):
            files: Mapping[str, str] = structure.get("certificates", {}).get(use, {})
            if files.get("fingerprint") == fingerprint:
                return files
    return None


REPLAYERS: tuple[Replayer, ...] = (
    Replayer(
        speaks=lambda row: (
            row["outcome"] != "incident"
            and _REQUEST_LINE.fullmatch(row["request"]["head"].partition("\n")[0]) is not None
        ),
        line=curl,
        send=send_http,
    ),
)
