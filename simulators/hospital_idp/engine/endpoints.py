"""Introspection (RFC 7662) and revocation (RFC 7009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from simulators.hospital_idp import issuing, sessions
from simulators.hospital_idp.engine.server import EngineClient, EngineRequest, HospitalServer
from simulators.hospital_idp.rules import client as client_rules
from simulators.hospital_idp.rules import token as rules
from simulators.hospital_idp.sessions import Token


class _Known:
    """A token as authlib asks about it."""

    def __init__(self, value: Token, server: HospitalServer) -> None:
        self.value, self._server = value, server

    def check_client(self, client: EngineClient) -> bool:
        if self.value.client_id != client.client_id:
            finding = rules.TOKEN_CLIENT.finding(
                "body.token", found="of another client", expected="a token of this client"
            )
            self._server.call.find(finding)
        return True

    def is_expired(self) -> bool:
        return self._server.call.wire_now >= self.value.expires

    def is_revoked(self) -> bool:
        if self.value.state != "live":
            return True
        session = sessions.session(self._server.call.tx, self.value.sid)
        return session is None or bool(session.over(self._server.call.wire_now, self._server.provider))


class _OwnTokens:
    """What both endpoints share. ``token_type_hint`` only helps a search, which needs no help here."""

    server: HospitalServer

    def check_params(self, request: EngineRequest, client: EngineClient) -> None:
        if not request.form.get("token"):
            self.server.call.find(rules.TOKEN_MISSING.finding("body.token", expected="token"))

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Known | None:
        server = self.server
        row = issuing.known_token(server.call, server.provider, token_string)
        return _Known(row, server) if row is not None else None


class Introspection(_OwnTokens, IntrospectionEndpoint):  # type: ignore[misc]
    def check_params(self, request: EngineRequest, client: EngineClient) -> None:
        """Only who proves itself may ask (RFC 7662 §2.1)."""
        if request.auth_method == "none":
            expected = "the client's secret"
            self.server.call.find(client_rules.SECRET_MISSING.finding("header.Authorization", expected=expected))
        super().check_params(request, client)

    def check_permission(self, token: _Known, client: EngineClient, request: EngineRequest) -> bool:
        """Any client of the provider: a resource server asks about the tokens of others."""
        return True

    def introspect_token(self, token: _Known) -> Mapping[str, Any]:
        server = self.server
        return issuing.described(server.call, server.provider, token.value)


class Revocation(_OwnTokens, RevocationEndpoint):  # type: ignore[misc]
    def revoke_token(self, token: _Known, request: EngineRequest) -> None:
        """A refresh token takes all that came of its code with it (RFC 7009 §2.1)."""
        if token.value.kind == "refresh":
            sessions.revoke_grant(self.server.call.tx, token.value.grant)
        else:
            sessions.set_token(self.server.call.tx, token.value.jti, "revoked")
