"""From WSGI to an exchange and back: the same adapter for every simulator that speaks HTTP.

A POST becomes an :class:`~simulators.core.exchange.Arrival`; a GET or HEAD asks for a page (status, WSDL); anything
else is 405. A simulator whose protocol lives in GETs as well says which requests are ``exchanged``. A ``/w/<world>/``
prefix names the world and is taken off the path. Identity comes from the connection alone: the listener's ``segur.*``
keys, never a header (see :mod:`simulators.core.listeners.environ`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from simulators.core.exchange import Answer, Arrival, ProtocolFlow, Runtime, exchange
from simulators.core.listeners.deferred import Deferred
from simulators.core.routing import split_prefix


@dataclass(frozen=True)
class Get:
    """A GET or HEAD: ``url`` is the public URL asked for without its query, ``path`` that without the world prefix."""

    url: str
    path: str
    query: str
    world: str | None


PROBE = "/_sandbox/probe"
"""Answered by every listener and never journalled: for who looks at the port alone (``doctor``)."""

Page = Callable[[Get], Answer | None]
"""Answers a GET, or None when there is nothing at that path."""

Handle = Callable[[Runtime, ProtocolFlow, Arrival], Answer]
Exchanged = Callable[[str, str], bool]
"""Whether a request (method, path without world prefix) is an exchange of the protocol, whatever its method."""


def http_app(
    runtime: Runtime,
    flow: ProtocolFlow,
    listener: str,
    *,
    page: Page = lambda get: None,
    world: str | None = None,
    handle: Handle = exchange,
    exchanged: Exchanged = lambda method, path: method == "POST",
) -> WSGIApplication:
    """The WSGI application of one listener. ``world`` is the one the listener is bound to, None for any.

    It may return a :class:`~simulators.core.listeners.deferred.Deferred`, which only our own listeners understand.
    """

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = str(environ.get("REQUEST_METHOD", ""))
        if _path(environ) == PROBE:
            answer = plain_page("probe\n")
        elif exchanged(method, split_prefix(_path(environ))[1]):
            answer = handle(runtime, flow, arrival_of(environ, flow.name, listener, world))
        elif method in {"GET", "HEAD"}:
            answer = page(_get(environ)) or _nothing()
        else:
            answer = _text(HTTPStatus.METHOD_NOT_ALLOWED, f"{method} ?\n", {"Allow": "GET, HEAD, POST"})
        return send(answer, environ, start_response)

    return app


def arrival_of(environ: Mapping[str, Any], protocol: str, listener: str, world: str | None = None) -> Arrival:
    """What came in. ``path`` is without world prefix and query; an address prefix wins over the listener's world."""
    prefix, path = split_prefix(_path(environ))
    peer = environ.get("segur.peer") or (environ.get("REMOTE_ADDR", ""), environ.get("REMOTE_PORT", ""))
    return Arrival(
        protocol=protocol,
        listener=str(environ.get("segur.listener") or listener),
        peer=":".join(str(part) for part in peer),
        method=str(environ.get("REQUEST_METHOD", "")),
        path=path,
        headers=_headers(environ),
        body=_body(environ),
        address_world=prefix if prefix is not None else world,
        certificate=environ.get("segur.client_cert_der"),
        query=str(environ.get("QUERY_STRING", "")),
    )


def send(answer: Answer, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Gives ``answer`` to the server, its delay, cut or truncation included.

    A server without the ``segur.*`` levers cannot cut a connection: there a disconnection is an empty 503.
    """
    if answer.delay > 0:
        later = replace(answer, delay=0.0)
        then = cast("WSGIApplication", lambda env, start: send(later, env, start))
        return cast("Iterable[bytes]", Deferred(answer.delay, then))
    if answer.disconnect is not None:
        cut = environ.get("segur.disconnect")
        if cut is not None:
            cut("reset" if answer.disconnect == "reset" else "close")
        answer = Answer(HTTPStatus.SERVICE_UNAVAILABLE, b"")
    if answer.truncate is not None and environ.get("segur.truncate_after") is not None:
        environ["segur.truncate_after"](answer.truncate)
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    start_response(_status(answer.status), list(headers.items()))
    return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else answer.body]


def plain_page(text: str) -> Answer:
    """A status page in plain text."""
    return _text(HTTPStatus.OK, text)


def _get(environ: Mapping[str, Any]) -> Get:
    whole = _path(environ)
    world, path = split_prefix(whole)
    scheme = environ.get("wsgi.url_scheme", "http")
    host = environ.get("HTTP_HOST") or f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
    return Get(f"{scheme}://{host}{whole}", path, str(environ.get("QUERY_STRING", "")), world)


def _path(environ: Mapping[str, Any]) -> str:
    # PEP 3333: bytes of the path as latin-1 characters.
    raw = str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
    return raw.encode("latin-1", "replace").decode("utf-8", "replace") or "/"


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    found = {_title(key[5:]): str(value) for key, value in environ.items() if key.startswith("HTTP_")}
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            found[_title(key)] = str(environ[key])
    return found


def _title(key: str) -> str:
    return "-".join(part.capitalize() for part in key.split("_"))


def _body(environ: Mapping[str, Any]) -> bytes:
    """The whole body; the listener has already bounded it."""
    stream = environ.get("wsgi.input")
    if stream is None:
        return b""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    return bytes(stream.read(int(length))) if length.isdigit() else b""


def _status(number: int) -> str:
    try:
        return f"{int(number)} {HTTPStatus(number).phrase}"
    except ValueError:
        return f"{int(number)} Status"


def _nothing() -> Answer:
    return _text(HTTPStatus.NOT_FOUND, "Nothing here. / Rien ici.\n")


def _text(status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})
