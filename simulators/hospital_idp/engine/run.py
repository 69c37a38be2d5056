"""One call through authlib, for each operation that is its affair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2 import OAuth2Error

from simulators.core.exchange import Call
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.engine.endpoints import Introspection, Revocation
from simulators.hospital_idp.engine.grants import CodeGrant, with_grants
from simulators.hospital_idp.engine.server import EngineRequest, HospitalServer, Reply, refused
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.sessions import Session
from simulators.hospital_idp.users import User


class Consent:
    """An authorization request that was found right; it may be granted or denied."""

    def __init__(
        self, call: Call, request: IdpRequest, provider: Provider, asked: Mapping[str, str], issuer: str
    ) -> None:
        self._server = HospitalServer(call, request, provider, asked, issuer)
        self._request = EngineRequest(request, asked)
        with_grants(self._server, self._request)
        self._grant: CodeGrant | None = None

    def check(self, user: User | None) -> Client:
        """Judges the request; ``user`` is who is signed in. Raises ``Refused``."""
        try:
            self._grant = self._server.get_consent_grant(self._request, user)
        except OAuth2Error as error:
            raise refused(self._server, error) from None
        client: Client = self._grant.client.value
        return client

    def granted(self, user: User, session: Session) -> dict[str, str]:
        """The parameters that go back to the product."""
        self._server.session = session
        return self._answered(user)

    def denied(self) -> None:
        """Raises ``Refused``."""
        self._answered(None)

    def _answered(self, user: User | None) -> dict[str, str]:
        if self._grant is None:
            raise RuntimeError("a request is checked before it is answered")
        reply: Reply = self._server.create_authorization_response(self._request, user, self._grant)
        return _parameters(reply.location)


def token(call: Call, request: IdpRequest, provider: Provider) -> Reply:
    """The token endpoint. Raises ``Refused``."""
    server, made = _server(call, request, provider)
    with_grants(server, made)
    reply: Reply = server.create_token_response(made)
    return reply


def introspection(call: Call, request: IdpRequest, provider: Provider) -> Reply:
    """Raises ``Refused``."""
    return _endpoint(call, request, provider, Introspection)


def revocation(call: Call, request: IdpRequest, provider: Provider) -> Reply:
    """Raises ``Refused``."""
    return _endpoint(call, request, provider, Revocation)


def _endpoint(call: Call, request: IdpRequest, provider: Provider, kind: Any) -> Reply:
    server, made = _server(call, request, provider)
    server.register_endpoint(kind)
    reply: Reply = server.create_endpoint_response(kind.ENDPOINT_NAME, made)
    return reply


def _server(call: Call, request: IdpRequest, provider: Provider) -> tuple[HospitalServer, EngineRequest]:
    # A grant that is missing is judged by our own list: authlib would refuse it before asking.
    values = {"code": "", "refresh_token": "", **dict(pair for pair in request.params.pairs if pair[1])}
    return HospitalServer(call, request, provider, values, request.issuer), EngineRequest(request, values)


def _parameters(location: str) -> dict[str, str]:
    """``code``, ``state`` and ``iss`` of authlib's redirection; the address itself stays as the product wrote it."""
    from urllib.parse import parse_qsl, urlsplit

    pairs = parse_qsl(urlsplit(location).query, keep_blank_values=True)
    return {name: value for name, value in pairs if name in {"code", "iss"}}
