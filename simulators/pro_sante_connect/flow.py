"""Pro Santé Connect's protocol: read, clues, the operation, the funnel. Each operation is a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from simulators.core.errors import Refused
from simulators.core.exchange import Answer, Call
from simulators.core.oidc.jose import kid_of
from simulators.core.oidc.keys import ROUTE
from simulators.core.oidc.params import Params, ParamsRefused, read_form, read_query
from simulators.core.pki import Trust
from simulators.core.routing import Clue
from simulators.core.rules import Finding, Level, Verdict
from simulators.pro_sante_connect import errors
from simulators.pro_sante_connect.model import Perform, PscRequest, Shown
from simulators.pro_sante_connect.names import AUTH, CLIENT_ROUTE, NAME, REALM, WALLET
from simulators.pro_sante_connect.operations import NOT_OFFERED, Operation, at
from simulators.pro_sante_connect.rules import client as client_rules
from simulators.pro_sante_connect.rules import request as rules
from simulators.pro_sante_connect.shown import HeaderRefused, read_shown

_TOKENS: Final = ("refresh_token", "token", "id_token_hint", "access_token")
_NOTED: Final = 200


class PscFlow:
    """One instance a listener: the paths of the two hosts differ. ``operations`` gives who performs each, by name."""

    name = NAME

    def __init__(self, listener: str, operations: Mapping[str, Perform], trust: Callable[[datetime], Trust]) -> None:
        self._listener = listener
        self._trust = trust
        self._operations = operations

    def read(self, call: Call) -> PscRequest:
        """Raises ``Refused`` for what cannot be read or is nothing of ours."""
        arrival = call.arrival
        operation = self._operation(call)
        query = _read(lambda: read_query(arrival.query))
        form = _read(lambda: read_form(arrival.headers, arrival.body)) if arrival.method == "POST" else Params()
        params = form + query if arrival.method == "POST" else query
        request = PscRequest(
            operation=operation,
            method=arrival.method,
            params=params,
            query=query,
            headers=arrival.headers,
            shown=_shown(call, params),
            issuer=issuer_of(call),
            wallet=_base(call, WALLET),
            path=arrival.path,
            trust=self._trust(call.wall),
            wall=call.wall,
        )
        _note(call, request)
        for name in params.repeated():
            raise refusal(
                rules.REPEATED.finding(request.where(name), found=str(len(params.all(name))), expected="once")
            )
        return request

    def clues(self, call: Call, request: PscRequest | None) -> Sequence[Clue]:
        """The client, then the tokens by the key they claim, then the certificate: all are credentials."""
        if request is None:
            return ()
        found = [Clue("credential", CLIENT_ROUTE, request.shown.client_id)] if request.shown.client_id else []
        tokens = [request.bearer, *(request.params.get(name) for name in _TOKENS)]
        found += [Clue("credential", ROUTE, kid) for kid in map(kid_of, filter(None, tokens)) if kid]
        if request.shown.certificate is not None:
            found.append(Clue("credential", "certificate", request.shown.certificate.fingerprint))
        return found

    def perform(self, call: Call, request: PscRequest) -> Answer:
        """The operation, under the issuer of the world it was routed to. Raises ``Refused``."""
        return self._operations[request.operation.name](call, request)

    def refuse(self, call: Call, request: PscRequest | None, verdict: Verdict, href: str) -> Answer:
        return errors.refused(call, request, verdict, href)

    def _operation(self, call: Call) -> Operation:
        arrival = call.arrival
        operation = at(self._listener, arrival.path)
        if operation is None:
            expected = "an address of the discovery document"
            raise refusal(rules.PATH.finding("path", found=arrival.path, expected=expected))
        call.operation = f"{NAME}.{operation.name}"
        if operation is NOT_OFFERED:
            raise refusal(rules.NOT_OFFERED.finding("path", found=arrival.path, expected="code or CIBA"))
        if arrival.method not in operation.methods:
            expected = ", ".join(operation.methods)
            raise refusal(rules.METHOD.finding("method", found=arrival.method, expected=expected))
        return operation


def refusal(finding: Finding) -> Refused:
    """For what is found before a world and its policy are known."""
    return Refused(Verdict((replace(finding, level=Level.REFUSE),)))


def issuer_of(call: Call) -> str:
    """The issuer as whoever sent this request knows it: the address it used, world prefix included."""
    return f"{_base(call, AUTH)}{REALM}"


def _base(call: Call, listener: str) -> str:
    world = call.arrival.address_world
    prefix = f"/w/{world}" if world is not None else ""
    return call.runtime.base(listener, call.arrival.headers.get("Host", "")) + prefix


def _read(reading: Callable[[], Params]) -> Params:
    try:
        return reading()
    except ParamsRefused as refused:
        place = "header.Content-Type" if refused.where == "Content-Type" else refused.where
        finding = rules.PARAMETERS.finding(place, found=refused.found, expected=refused.expected)
        raise refusal(finding) from None


def _shown(call: Call, params: Params) -> Shown:
    try:
        return read_shown(call.arrival.headers, params, call.arrival.certificate)
    except HeaderRefused as refused:
        expected = "Basic base64(client_id:secret)"
        finding = client_rules.HEADER.finding("header.Authorization", found=str(refused), expected=expected)
        raise refusal(finding) from None


def _note(call: Call, request: PscRequest) -> None:
    shown = request.shown
    if shown.client_id:
        call.who["client"] = shown.client_id[:_NOTED]
    if shown.certificate is not None:
        call.who["certificate"] = shown.certificate.fingerprint
    if request.params.get("grant_type"):
        call.who["grant"] = request.params.get("grant_type")[:_NOTED]
