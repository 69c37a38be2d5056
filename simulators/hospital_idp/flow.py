"""The provider's protocol: read, clues, the operation, the funnel. Each operation is a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from simulators.core.errors import Refused
from simulators.core.exchange import Answer, Call
from simulators.core.oidc.jose import kid_of
from simulators.core.oidc.keys import ROUTE
from simulators.core.oidc.params import Params, ParamsRefused, read_form, read_query
from simulators.core.routing import Clue
from simulators.core.rules import Finding, Level, Verdict
from simulators.hospital_idp import errors, providers
from simulators.hospital_idp.model import IdpRequest, Perform, Shown
from simulators.hospital_idp.names import CLIENT_ROUTE, LISTENER, NAME
from simulators.hospital_idp.operations import Operation, split
from simulators.hospital_idp.rules import client as client_rules
from simulators.hospital_idp.rules import request as rules
from simulators.hospital_idp.shown import HeaderRefused, read_shown

_TOKENS: Final = ("token", "id_token_hint", "access_token")
_NOTED: Final = 200


class IdpFlow:
    """``operations`` gives who performs each operation, by name."""

    name = NAME

    def __init__(self, operations: Mapping[str, Perform]) -> None:
        self._operations = operations

    def read(self, call: Call) -> IdpRequest:
        """Raises ``Refused`` for what cannot be read or is nothing of ours."""
        arrival = call.arrival
        provider, operation = _operation(call)
        query = _read(lambda: read_query(arrival.query))
        form = _read(lambda: read_form(arrival.headers, arrival.body)) if arrival.method == "POST" else Params()
        params = form + query
        request = IdpRequest(
            provider=provider,
            operation=operation,
            method=arrival.method,
            params=params,
            query=query,
            headers=arrival.headers,
            shown=_shown(arrival.headers, params),
            base=_base(call),
        )
        _note(call, request)
        for name in params.repeated():
            found = f"{len(params.all(name))} values"
            raise refusal(rules.REPEATED.finding(request.where(name), found=found, expected="1 value"))
        return request

    def clues(self, call: Call, request: IdpRequest | None) -> Sequence[Clue]:
        """The client, then the tokens by the key they claim: all are credentials."""
        if request is None:
            return ()
        found = [Clue("credential", CLIENT_ROUTE, request.shown.client_id)] if request.shown.client_id else []
        tokens = [bearer(request), *(request.params.get(name) for name in _TOKENS)]
        return [*found, *(Clue("credential", ROUTE, kid) for kid in map(kid_of, filter(None, tokens)) if kid)]

    def perform(self, call: Call, request: IdpRequest) -> Answer:
        """The operation, at a provider of the world it was routed to. Raises ``Refused``."""
        provider = providers.find(call.tx, request.provider)
        if provider is None:
            known = ", ".join(one.name for one in providers.every(call.tx))
            raise refusal(rules.PROVIDER.finding("path", found=request.provider, expected=known))
        return self._operations[request.operation.name](call, request, provider)

    def refuse(self, call: Call, request: IdpRequest | None, verdict: Verdict, href: str) -> Answer:
        return errors.refused(call, request, verdict, href)


def bearer(request: IdpRequest) -> str:
    """The token of the Authorization header (RFC 6750 §2.1), empty without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def refusal(finding: Finding) -> Refused:
    """A guard's refusal: no policy is asked."""
    return Refused(Verdict((replace(finding, level=Level.REFUSE),)))


def _operation(call: Call) -> tuple[str, Operation]:
    arrival = call.arrival
    provider, operation = split(arrival.path)
    if operation is None:
        expected = "an address of the discovery document"
        raise refusal(rules.PATH.finding("path", found=arrival.path, expected=expected))
    call.operation = f"{NAME}.{operation.name}"
    if arrival.method not in operation.methods:
        raise refusal(rules.METHOD.finding("method", found=arrival.method, expected=", ".join(operation.methods)))
    return provider, operation


def _base(call: Call) -> str:
    world = call.arrival.address_world
    prefix = f"/w/{world}" if world is not None else ""
    return call.runtime.base(LISTENER, call.arrival.headers.get("Host", "")) + prefix


def _read(reading: Callable[[], Params]) -> Params:
    try:
        params = reading()
    except ParamsRefused as refused:
        place = "header.Content-Type" if refused.where == "Content-Type" else refused.where
        raise refusal(rules.PARAMETERS.finding(place, found=refused.found, expected=refused.expected)) from None
    for name, value in params.pairs:
        if "\x00" in name + value:
            finding = rules.PARAMETERS.finding(f"parameter {name}", found="U+0000", expected="text")
            raise refusal(finding)
    return params


def _shown(headers: Mapping[str, str], params: Params) -> Shown:
    try:
        return read_shown(headers, params)
    except HeaderRefused:
        example = client_rules.HEADER.example
        assert example is not None
        finding = client_rules.HEADER.finding(example.where, found=example.found, expected=example.expected)
        raise refusal(finding) from None


def _note(call: Call, request: IdpRequest) -> None:
    call.who["provider"] = request.provider[:_NOTED]
    if request.shown.client_id:
        call.who["client"] = request.shown.client_id[:_NOTED]
    if request.params.get("grant_type"):
        call.who["grant"] = request.params.get("grant_type")[:_NOTED]
