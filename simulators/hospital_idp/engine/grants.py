"""The grants: authorization code with PKCE and ID token, refresh with rotation (RFC 6749 §4.1, §6; RFC 7636)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin
from authlib.oidc.core.grants import OpenIDCode, OpenIDToken

from simulators.core.oidc.jose import key_object
from simulators.hospital_idp import asking, exchanging, issuing, sessions, users
from simulators.hospital_idp.discovery import current_key
from simulators.hospital_idp.engine.server import EngineClient, EngineRequest, HospitalServer
from simulators.hospital_idp.exchanging import Granted
from simulators.hospital_idp.model import epoch
from simulators.hospital_idp.sessions import Code, Session, Token
from simulators.hospital_idp.users import User


class _EngineCode(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code as authlib asks about it."""

    def __init__(self, value: Code, session: Session) -> None:
        self.value, self.session = value, session
        self.code_challenge = value.asked.get("code_challenge")
        self.code_challenge_method = value.asked.get("code_challenge_method")

    def get_redirect_uri(self) -> str:
        return self.value.asked["redirect_uri"]

    def get_scope(self) -> str:
        return self.value.scope

    def get_nonce(self) -> str | None:
        return self.value.asked.get("nonce")

    def get_auth_time(self) -> int:
        return epoch(self.session.login)

    @property
    def granted(self) -> Granted:
        value = self.value
        return Granted(self.session, value.client_id, value.issuer, value.code)


class _EngineToken:
    """A refresh token as authlib asks about it."""

    def __init__(self, value: Token, session: Session) -> None:
        self.value, self.session = value, session

    def check_client(self, client: EngineClient) -> bool:
        return bool(self.value.client_id == client.client_id)

    def get_scope(self) -> str:
        return self.value.scope

    @property
    def granted(self) -> Granted:
        value = self.value
        return Granted(self.session, value.client_id, value.issuer, value.grant)


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """Codes live in the world; a code serves once."""

    server: HospitalServer
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]

    def generate_authorization_code(self) -> str:
        server, session = self.server, self.server.session
        if session is None:
            raise RuntimeError("a code is issued for a session")
        return sessions.issue_code(
            server.call.tx,
            server.provider,
            session,
            self.client.client_id,
            server.issuer,
            server.asked,
            self.request.scope,
            server.call.wire_now,
        )

    def save_authorization_code(self, code: str, request: EngineRequest) -> None:
        """Written down when it was made."""

    def query_authorization_code(self, code: str, client: EngineClient) -> _EngineCode:
        server = self.server
        proved = self.request.auth_method != "none" or client.value.auth == "none"
        value, session = exchanging.redeemed(server.call, server.request, server.provider, client.value, proved=proved)
        return _EngineCode(value, session)

    def delete_authorization_code(self, authorization_code: _EngineCode) -> None:
        """It is kept: the second use of a code must be told from an unknown one."""
        sessions.use_code(self.server.call.tx, authorization_code.value.code)

    def authenticate_user(self, authorization_code: _EngineCode) -> User | None:
        return users.find(self.server.call.tx, authorization_code.session.user)


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """Each refresh token serves once."""

    server: HospitalServer
    INCLUDE_NEW_REFRESH_TOKEN = True
    TOKEN_ENDPOINT_AUTH_METHODS = CodeGrant.TOKEN_ENDPOINT_AUTH_METHODS

    def authenticate_refresh_token(self, refresh_token: str) -> _EngineToken:
        server = self.server
        value, session = exchanging.refreshed(server.call, server.request, server.provider, self.client.value)
        return _EngineToken(value, session)

    def authenticate_user(self, refresh_token: _EngineToken) -> User | None:
        return users.find(self.server.call.tx, refresh_token.session.user)

    def revoke_old_credential(self, refresh_token: _EngineToken) -> None:
        sessions.set_token(self.server.call.tx, refresh_token.value.jti, "used")


class _Asked:
    """Our own list of checks on an authorization request, before authlib's."""

    def __call__(self, grant: CodeGrant) -> None:
        grant.register_hook("before_validate_authorization_request_payload", self._judge)

    def _judge(self, grant: CodeGrant, redirect_uri: str) -> None:
        if not getattr(grant, "judged", False):  # authlib validates again before it answers
            grant.judged = True
            server = grant.server
            case = asking.Asked(server.request, server.asked, server.provider, grant.client.value)
            server.call.judge(asking.CHECKS, case)


class _Pkce(CodeChallenge):  # type: ignore[misc]
    """S256 alone; whether it is required is judged with the request."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def __init__(self) -> None:
        super().__init__(required=False)


class _IdToken(OpenIDToken):  # type: ignore[misc]
    """ID tokens signed with the provider's key, in wire time."""

    def __init__(self, server: HospitalServer) -> None:
        self._server = server

    def resolve_client_private_key(self, client: EngineClient) -> Any:
        return key_object(current_key(self._server.call, self._server.provider))

    def get_client_algorithm(self, client: EngineClient) -> str:
        return self._server.provider.algorithm

    def get_encode_header(self, client: EngineClient) -> dict[str, str]:
        key = current_key(self._server.call, self._server.provider)
        return {"alg": key.alg, "kid": key.kid, "typ": "JWT"}

    def get_compatible_claims(self, request: EngineRequest) -> dict[str, Any]:
        call, provider = self._server.call, self._server.provider
        granted = _granted(request)
        now = call.wire_now
        ends = now + timedelta(seconds=provider.access_seconds)
        session, client_id = granted.session, granted.client_id
        row = sessions.add_token(call.tx, "id", session, client_id, granted.issuer, granted.grant, "openid", now, ends)
        return {
            "iss": granted.issuer,
            "aud": client_id,
            "iat": epoch(now),
            "exp": epoch(ends),
            "auth_time": epoch(session.login),
            "jti": row.jti,
            "sid": session.sid,
        }

    def generate_user_info(self, user: User, scope: str) -> dict[str, Any]:
        provider = self._server.provider
        told = issuing.identity(provider, user, scope) if provider.claims_in != "userinfo" else {}
        return {"sub": user.subject(provider.name), **told}


class _OpenId(_IdToken, OpenIDCode):  # type: ignore[misc]
    def __init__(self, server: HospitalServer) -> None:
        _IdToken.__init__(self, server)
        OpenIDCode.__init__(self, require_nonce=False)

    def exists_nonce(self, nonce: str, request: EngineRequest) -> bool:
        """A nonce is the client's own affair (OpenID Connect Core §15.5.2)."""
        return False


class _Tokens(BearerTokenGenerator):  # type: ignore[misc]
    """The token response. Made in the order access, refresh, ID."""

    def __init__(self, server: HospitalServer, request: EngineRequest) -> None:
        self._server, self._request = server, request
        super().__init__(self._access, self._refresh, server.provider.access_seconds)

    def _access(self, client: EngineClient, grant_type: str, user: User, scope: str) -> str:
        server, granted = self._server, _granted(self._request)
        server.call.keys.add(f"session:{granted.session.sid}")
        server.call.who["professional"] = user.key
        return issuing.access_token(
            server.call,
            server.provider,
            granted.session,
            user,
            granted.client_id,
            granted.issuer,
            granted.grant,
            scope,
        )

    def _refresh(self, client: EngineClient, grant_type: str, user: User, scope: str) -> str:
        server, granted = self._server, _granted(self._request)
        # A refresh may narrow the access token; what was granted at first stays with the refresh token.
        whole = self._request.refresh_token.get_scope() if self._request.refresh_token is not None else scope
        return issuing.refresh_token(
            server.call, server.provider, granted.session, granted.client_id, granted.issuer, granted.grant, whole
        )


def _granted(request: EngineRequest) -> Granted:
    found: Granted = (request.authorization_code or request.refresh_token).granted
    return found


def with_grants(server: HospitalServer, request: EngineRequest) -> HospitalServer:
    """``server`` with both grants, for ``request``."""
    server.register_grant(CodeGrant, [_Asked(), _Pkce(), _OpenId(server)])
    server.register_grant(RefreshGrant, [_IdToken(server)])
    server.register_token_generator("default", _Tokens(server, request))
    return server
