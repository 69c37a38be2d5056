"""One TLS port for several services, told apart by the name the client asks for.

The name comes twice: in the handshake (server_name, RFC 6066 §3), where it chooses the certificate, and in the Host
header, where it chooses the service. Both must say the same (RFC 9110 §7.4), else 421 Misdirected Request.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from simulators.core.listeners import reasons
from simulators.core.listeners.house import tell
from simulators.core.listeners.incident import IncidentSink, Kind, Reason

# The context whose certificate bears the name, or None: nobody here is called so.
ContextOf = Callable[[str], ssl.SSLContext | None]


class NamedSocket(ssl.SSLSocket):
    """The server's side of a TLS connection that remembers the name asked for, and whether it was refused."""

    asked: str | None = None
    refused = False


def choose_by_name(context: ssl.SSLContext, context_of: ContextOf) -> None:
    """Let ``context_of`` choose the certificate; a name it does not know ends in the alert ``unrecognized_name``.

    A client that names nobody gets ``context`` itself, so that it can be told what is wrong over HTTP. All contexts
    must trust the same authorities: only the certificate is exchanged.
    """

    def named(sock: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        if not isinstance(sock, NamedSocket) or name is None:
            return None
        sock.asked = name
        found = context_of(name)
        if found is None:
            sock.refused = True
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        sock.context = found
        return None

    context.sslsocket_class = NamedSocket
    context.sni_callback = named  # type: ignore[assignment]


def by_name(
    listener: str, apps: Mapping[str, tuple[str, WSGIApplication]], on_incident: IncidentSink
) -> WSGIApplication:
    """``apps``: host name → (listener, application). The application sees ``segur.listener`` as on its own port."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked, host = environ["segur.server_name"], _name(environ.get("HTTP_HOST", ""))
        reason = _disagreement(asked, host, apps)
        if reason is None:
            environ["segur.listener"], found = apps[host]
            return found(environ, start_response)
        tell(on_incident, Kind.MISDIRECTED, listener, environ["segur.peer"], reason, environ["segur.received"])
        start_response("421 Misdirected Request", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{reason.en}\n{reason.fr}\n".encode()]

    return app


def _disagreement(asked: str | None, host: str, apps: Mapping[str, object]) -> Reason | None:
    if asked is None:
        return reasons.no_name(apps)
    if _name(asked) != host or host not in apps:
        return reasons.other_name(asked, host, apps)
    return None


def _name(host: str) -> str:
    """The name of a Host header: no port, no final dot, lower case."""
    name = host if host.endswith("]") else host.partition(":")[0]
    return name.strip().rstrip(".").lower()
