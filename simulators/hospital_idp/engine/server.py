"""Authlib's authorization server, standing in one call: it reads and writes the world through the call's transaction.

Its hooks raise our refusals, which name the rule and the place; what authlib refuses by itself is translated here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc9207 import IssuerParameter

from simulators.core.errors import Refused
from simulators.core.exchange import Call
from simulators.core.rules import Finding
from simulators.hospital_idp import authentication
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.names import SCOPES
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.redirecting import known_redirect
from simulators.hospital_idp.rules import authorization as asking
from simulators.hospital_idp.rules import login as signing
from simulators.hospital_idp.rules import token as tokens
from simulators.hospital_idp.sessions import Session


@dataclass
class Reply:
    """What authlib answers. Its extensions change ``location``."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @location.setter
    def location(self, value: str) -> None:
        self.headers["Location"] = value


class _Payload(OAuth2Payload):  # type: ignore[misc]
    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    @property
    def data(self) -> dict[str, str]:
        return self._values

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, {name: [value] for name, value in self._values.items()})


class EngineRequest(OAuth2Request):  # type: ignore[misc]
    """A request as authlib takes it. Parameters given twice never come this far."""

    def __init__(self, request: IdpRequest, values: Mapping[str, str]) -> None:
        super().__init__(request.method, request.issuer, headers=dict(request.headers))
        self.payload = _Payload(values)

    @property
    def args(self) -> dict[str, str]:
        return dict(self.payload.data)

    @property
    def form(self) -> dict[str, str]:
        return dict(self.payload.data)


class EngineClient(ClientMixin):  # type: ignore[misc]
    """A client as authlib asks about it."""

    def __init__(self, server: HospitalServer, value: Client) -> None:
        self._server, self.value = server, value

    @property
    def client_id(self) -> str:
        return self.value.client_id

    def get_client_id(self) -> str:
        return self.value.client_id

    def get_default_redirect_uri(self) -> str:
        """There is none: OpenID Connect wants it said."""
        where = self._server.request.where("redirect_uri")
        self._server.call.find(asking.REDIRECT_MISSING.finding(where, expected="redirect_uri"))
        return ""

    def get_allowed_scope(self, scope: str | None) -> str:
        """What is offered of what is asked, in its order."""
        return " ".join(dict.fromkeys(word for word in (scope or "").split() if word in SCOPES))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        server = self._server
        if redirect_uri not in server.addresses:
            where = server.request.where("redirect_uri")
            self.value = known_redirect(server.call, server.provider.name, self.value, redirect_uri, where)
            server.addresses.add(redirect_uri)
        return True

    def check_client_secret(self, client_secret: str) -> bool:
        """Never asked: the client was authenticated before."""
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return True

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in {"authorization_code", "refresh_token"}


class HospitalServer(AuthorizationServer):  # type: ignore[misc]
    """One provider serving one call. ``session`` is the one a code is issued for; ``asked`` the authorization request,
    which may have come in an earlier message than ``request``; ``issuer`` as its sender knew it."""

    def __init__(self, call: Call, request: IdpRequest, provider: Provider, asked: Mapping[str, str], issuer: str):
        super().__init__()
        self.call, self.request, self.provider = call, request, provider
        self.asked, self.issuer = asked, issuer
        self.session: Session | None = None
        self.addresses: set[str] = set()
        self._client: EngineClient | None = None
        self.register_extension(_Issuer)

    def create_oauth2_request(self, request: EngineRequest | None) -> EngineRequest:
        return request if request is not None else EngineRequest(self.request, self.asked)

    def create_json_request(self, request: Any) -> Any:
        """No endpoint here takes JSON."""
        raise NotImplementedError

    def handle_response(self, status: int, body: Any, headers: Any) -> Reply:
        return Reply(status, body, dict(headers))

    def handle_error_response(self, request: Any, error: OAuth2Error) -> Reply:
        raise refused(self, error) from None

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def query_client(self, client_id: str) -> EngineClient:
        if self._client is None or self._client.client_id != client_id:
            where = self.request.where("client_id")
            value = authentication.known(self.call, self.provider.name, client_id, where)
            self._client = EngineClient(self, value)
        return self._client

    def authenticate_client(self, request: EngineRequest, methods: Any, endpoint: str = "token") -> EngineClient:
        """By our own list of checks, each with its rule and place."""
        value, request.auth_method = authentication.authenticated(self.call, self.request)
        self._client = EngineClient(self, value)
        request.client = self._client
        return self._client

    def validate_requested_scope(self, scope: str | None) -> None:
        """Judged with the rest of the request (see ``asking``)."""

    def save_token(self, token: Any, request: Any) -> None:
        """Each token was written down when it was made."""


class _Issuer(IssuerParameter):  # type: ignore[misc]
    """``iss`` of the authorization response (RFC 9207)."""

    def __init__(self, server: HospitalServer) -> None:
        self._server = server
        self(server)

    def get_issuer(self) -> str:
        return self._server.issuer


def refused(server: HospitalServer, error: OAuth2Error) -> Refused | OAuth2Error:
    """The refusal that an error of authlib is; the error itself when there is none: then it is our bug."""
    finding = _finding(server, error)
    if finding is None:
        return error
    try:
        server.call.find(finding)
    except Refused as refusal:
        return refusal
    return error


def _finding(server: HospitalServer, error: OAuth2Error) -> Finding | None:
    request, asked = server.request, server.asked
    if error.error == "unsupported_response_type":
        place, found = request.where("response_type"), asked.get("response_type", "")
        return asking.RESPONSE_TYPE.finding(place, found=found, expected="code")
    if error.error == "unsupported_grant_type":
        found, expected = request.params.get("grant_type"), "authorization_code or refresh_token"
        return tokens.GRANT_TYPE.finding("body.grant_type", found=found, expected=expected)
    if error.error == "login_required":
        return asking.LOGIN_REQUIRED.finding(request.where("prompt"), found="none", expected="a session")
    if error.error == "access_denied":
        return signing.DENIED.finding("body.choice", found="deny", expected="an account")
    return None
