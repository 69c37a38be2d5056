"""Authentication of the client at the endpoints it calls itself: one straight list of checks."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from simulators.core.exchange import Call
from simulators.core.rules import Finding
from simulators.hospital_idp import assertion, clients
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.redirecting import unknown
from simulators.hospital_idp.rules import client as rules

FAMILY: Final = "clients"
_WAYS: Final = {
    "header.Authorization": "client_secret_basic",
    "body.client_secret": "client_secret_post",
    "body.client_assertion": "private_key_jwt",
}


def known(call: Call, provider: str, client_id: str, where: str) -> Client:
    """The client of that name, adopted where the world allows it. Raises ``Refused``."""
    if not client_id:
        call.find(rules.MISSING.finding(where, expected="client_id"))
    if clients.odd(client_id):
        call.find(rules.FORM.finding(where, found=client_id, expected=f"1 to {clients.LONGEST_ID} visible characters"))
    found = clients.find(call.tx, provider, client_id)
    if found is not None:
        return found
    unknown(call, FAMILY, rules.UNKNOWN, where, client_id, "a declared client")
    adopted = Client(client_id, adopted=True)
    clients.save(call.tx, provider, adopted)
    call.adopted(FAMILY, client_id)
    return adopted


def authenticated(call: Call, request: IdpRequest) -> tuple[Client, str]:
    """The client, proved, and how: a name of RFC 8414's registry. Raises ``Refused``."""
    shown = request.shown
    place = "header.Authorization" if shown.id_in == "header" else "body.client_id"
    client = known(call, request.provider, shown.client_id, place)
    call.judge([_one_way, _method, _secret], (client, request))
    way = _WAYS.get(shown.ways[0], "none") if shown.ways else "none"
    if way == "private_key_jwt":
        assertion.check(call, request, client)
    return _learnt(call, request.provider, client, shown.secret), way


def _one_way(case: tuple[Client, IdpRequest]) -> Iterator[Finding]:
    _, request = case
    shown = request.shown
    if len(shown.ways) > 1:
        yield rules.TWICE.finding(shown.ways[1], found="a second proof", expected="absent")
    elif shown.id_in == "header" and request.params.get("client_id", shown.client_id) != shown.client_id:
        yield rules.TWICE.finding("body.client_id", found="another client", expected="the one of the header")


def _method(case: tuple[Client, IdpRequest]) -> Iterator[Finding]:
    client, request = case
    for place in request.shown.ways[:1]:
        used = _WAYS[place]
        fits = client.auth == used or (client.auth == "any" and used != "private_key_jwt")
        if not fits and not (used == "private_key_jwt" and client.auth == "any" and client.jwks):
            expected = "client_secret_basic or client_secret_post" if client.auth == "any" else client.auth
            yield rules.METHOD.finding(place, found=used, expected=expected)


def _secret(case: tuple[Client, IdpRequest]) -> Iterator[Finding]:
    client, request = case
    shown = request.shown
    if not shown.ways:
        # A client nobody declared may be a public one: PKCE then proves it, which the code endpoint checks.
        if client.auth != "none" and not (client.adopted and not client.secret):
            yield rules.SECRET_MISSING.finding("header.Authorization", expected="the client's secret")
        return
    if shown.ways[0] == "body.client_assertion" or client.auth == "none":
        return
    if not client.secret and client.adopted:
        if not shown.secret:
            yield rules.SECRET_MISSING.finding(shown.ways[0], expected="the client's secret")
        return
    if _same(shown.secret, client.secret):
        return
    if shown.id_in == "header" and _same(shown.plain, client.secret):
        found, expected = "the secret as it stands", "the secret encoded as in a form"
        yield rules.ENCODING.finding("header.Authorization", found=found, expected=expected)
    else:
        yield rules.SECRET.finding(shown.ways[0], found="another secret", expected="the declared secret")


def _same(one: str, other: str) -> bool:
    return bool(other) and hmac.compare_digest(one.encode(), other.encode())


def _learnt(call: Call, provider: str, client: Client, secret: str) -> Client:
    """An adopted client keeps the first secret it shows."""
    if not client.adopted or client.secret or not secret:
        return client
    learnt = replace(client, secret=secret)
    clients.save(call.tx, provider, learnt)
    call.marks["learnt"] = f"secret of client {client.client_id}"
    return learnt
