"""The operator's question to Pro Santé Connect: is this token active, and whose is it? Asked over the wire, always."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from simulators.clients.introspection import Introspected, introspect
from simulators.clients.outbound import OutboundDenied, check_call, hosts_of
from simulators.clients.transport import WireProblem
from simulators.core.exchange import Runtime
from simulators.core.pki import Trust, client_context
from simulators.core.store import schema
from simulators.core.store.api import Tx
from simulators.core.world import MAIN, World, identifier
from simulators.mssante.names import PSC, PSC_INTROSPECTION, PSC_LISTENER
from simulators.mssante.settings import INTROSPECTION_CLIENT, INTROSPECTION_SECRET, INTROSPECTION_URL

_SECRET: Final = "mssante-psc-secret"
WEBMAIL_URI: Final = "https://webmail.mssante.test/retour"
"""Where the operator's webmail would be sent back to: nothing listens there, only the code is wanted."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nobody answered the question; ``why`` in plain words."""

    why: str


def own_client(tx: Tx) -> dict[str, str]:
    """The operator's client at this sandbox's Pro Santé Connect, made at its first use."""
    row = tx.get(schema.settings, name=_SECRET)
    secret = row.value if row is not None else identifier(tx, _SECRET).hex
    if row is None:
        tx.insert(schema.settings, name=_SECRET, value=secret)
    name = "sim-operateur-mssante" if tx.world == MAIN else f"sim-operateur-mssante-{tx.world}"
    return {
        "provider": PSC,
        "client_id": name,
        "secret": str(secret),
        "name": "Opérateur MSSanté (simulation)",
        "redirect_uri": WEBMAIL_URI,
    }


def ask(runtime: Runtime, trust: Trust, world: World, token: str) -> Introspected | Unreachable:
    """Never inside a transaction."""
    chosen = INTROSPECTION_URL.text(world.policy)
    try:
        url = chosen or f"{runtime.local(PSC_LISTENER)}/w/{world.name}{PSC_INTROSPECTION}"
    except KeyError:
        return Unreachable("Pro Santé Connect does not run in this sandbox")
    try:
        host = urlsplit(url).hostname or ""
        if chosen:
            check_call(host, world.policy, runtime.allow_hosts)
        named = (*runtime.allow_hosts, *hosts_of(world.policy)) if chosen else (host,)
        context = _context(trust, ours=not chosen) if url.startswith("https:") else None
        return introspect(url, _client(runtime, world), token, context, named)
    except (WireProblem, OutboundDenied, ValueError) as problem:
        return Unreachable(str(problem))


def _client(runtime: Runtime, world: World) -> tuple[str, str]:
    chosen = INTROSPECTION_CLIENT.text(world.policy)
    if chosen:
        return chosen, INTROSPECTION_SECRET.text(world.policy)
    with runtime.store.read(world.name) as tx:
        born_with = tx.get(schema.settings, name=_SECRET) is not None
        client = own_client(tx) if born_with else {}
    if not born_with:  # a world older than its operator
        with runtime.store.write(world.name) as tx:
            client = own_client(tx)
    return client["client_id"], client["secret"]


def _context(trust: Trust, *, ours: bool) -> ssl.SSLContext:
    if ours:
        return client_context(trust)
    context = ssl.create_default_context()
    pem = "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in trust.certificates)
    if pem:
        context.load_verify_locations(cadata=pem)
    return context
