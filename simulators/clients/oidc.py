"""A relying party without a browser: discovery, sign-in by ``login_hint``, code, refresh, userinfo, logout.

It speaks the authorization code flow with PKCE to any OpenID provider, as a product would, and keeps cookies. Of what a
product must verify it verifies ``state``, ``iss`` and the ``nonce`` of the ID token, whose signature it takes on trust.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qsl, quote_plus, urlencode, urljoin, urlsplit
from uuid import UUID

from simulators.clients.transport import Channel, HttpAnswer
from simulators.core.errors import SandboxError

FORM: Final = "application/x-www-form-urlencoded"
MOST_HOPS: Final = 5


class OidcRefused(SandboxError):
    """The provider refused, or answered what no provider should. ``error`` is the OAuth error, empty without one."""

    def __init__(self, said: str, error: str = "") -> None:
        self.error = error
        super().__init__(said)


class PageShown(OidcRefused):
    """The provider shows a page: a person is needed (no ``login_hint``, or an unknown one)."""


@dataclass
class OidcClient:
    """``metadata`` is the provider's discovery document; ``named`` are hosts the user named; ``ids`` is given, so that
    a scenario replays with the same identifiers."""

    metadata: Mapping[str, Any]
    client_id: str
    secret: str
    redirect_uri: str
    context: ssl.SSLContext | None
    ids: Callable[[], UUID]
    named: tuple[str, ...] = ()
    cookies: dict[str, str] = field(default_factory=dict)
    _channels: dict[str, Channel] = field(default_factory=dict)

    def sign_in(self, login_hint: str, scope: str = "openid profile email", **more: str) -> dict[str, Any]:
        """From the authorization request to the tokens. Raises :class:`OidcRefused` and ``WireProblem``."""
        verifier = self.ids().hex + self.ids().hex
        asked = {"scope": scope, "login_hint": login_hint, "nonce": self.ids().hex, **more}
        code = self.authorize({**asked, "code_challenge": _s256(verifier), "code_challenge_method": "S256"})
        tokens = self.token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": verifier,
            }
        )
        if claims_of(str(tokens.get("id_token", ""))).get("nonce") != asked["nonce"]:
            raise OidcRefused("the ID token does not carry the nonce of the request")
        return tokens

    def authorize(self, asked: Mapping[str, str]) -> str:
        """Follows the redirections up to the product's own address; the code it is given."""
        state = self.ids().hex
        values = {"response_type": "code", "client_id": self.client_id, "redirect_uri": self.redirect_uri, **asked}
        at = f"{self.metadata['authorization_endpoint']}?{urlencode({**values, 'state': state})}"
        for _ in range(MOST_HOPS):
            answer = self._get(at, {"Accept": "text/html"})
            location = answer.headers.get("location", "")
            if answer.status not in {302, 303} or not location:
                raise PageShown(f"HTTP {answer.status} at {at.partition('?')[0]}: a page, no redirection")
            at = urljoin(at, location)
            if at.partition("?")[0] == self.redirect_uri.partition("?")[0]:
                return self._code(dict(parse_qsl(urlsplit(at).query)), state)
        raise OidcRefused(f"more than {MOST_HOPS} redirections")

    def token(self, values: Mapping[str, str]) -> dict[str, Any]:
        """One request to the token endpoint, the secret in the Basic header."""
        return self.call("token_endpoint", values)

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        return self.token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def call(self, endpoint: str, values: Mapping[str, str]) -> dict[str, Any]:
        """A form to an endpoint the client calls itself (token, introspection, revocation)."""
        headers = {"Content-Type": FORM, "Accept": "application/json"}
        named = {} if self.secret else {"client_id": self.client_id}
        if self.secret:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        url = urlsplit(self.metadata[endpoint])
        body = urlencode({**values, **named}).encode()
        return _json(self._channel(url.scheme, url.netloc).post(_path(url.path, url.query), body, headers))

    def userinfo(self, access_token: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        return _json(self._get(self.metadata["userinfo_endpoint"], headers))

    def log_out(self, id_token: str) -> None:
        """RP-initiated logout with the ID token alone. Raises :class:`OidcRefused`."""
        answer = self._get(f"{self.metadata['end_session_endpoint']}?{urlencode({'id_token_hint': id_token})}", {})
        if answer.status not in {200, 204, 302}:
            raise OidcRefused(f"HTTP {answer.status} at the logout")

    def close(self) -> None:
        for channel in self._channels.values():
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _code(self, back: Mapping[str, str], state: str) -> str:
        if back.get("state") != state:
            raise OidcRefused("the state that came back is not the one that was sent")
        if "iss" in back and back["iss"] != self.metadata["issuer"]:
            raise OidcRefused(f"the answer is of issuer {back['iss']}, not of {self.metadata['issuer']}")
        if "code" not in back:
            said = f"{back.get('error', '?')}: {back.get('error_description', '')} {back.get('error_uri', '')}"
            raise OidcRefused(said.strip(), back.get("error", ""))
        return back["code"]

    def _get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        parts = urlsplit(url)
        kept = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {}
        channel = self._channel(parts.scheme, parts.netloc)
        answer = channel.get(_path(parts.path, parts.query), {**headers, **kept})
        name, equals, value = answer.headers.get("set-cookie", "").partition(";")[0].partition("=")
        if equals:
            self.cookies[name.strip()] = value
        return answer

    def _channel(self, scheme: str, netloc: str) -> Channel:
        base = f"{scheme}://{netloc}"
        if base not in self._channels:
            self._channels[base] = Channel(base, self.context, named=self.named)
        return self._channels[base]


def discover(issuer: str, context: ssl.SSLContext | None, named: tuple[str, ...] = ()) -> dict[str, Any]:
    """The discovery document at the standard place below ``issuer``. Raises :class:`OidcRefused`, ``WireProblem``."""
    found = read_metadata(issuer.rstrip("/") + "/.well-known/openid-configuration", context, named)
    if found.get("issuer") != issuer:
        raise OidcRefused(f"the document at {issuer} names issuer {found.get('issuer')}")
    return found


def read_metadata(url: str, context: ssl.SSLContext | None, named: tuple[str, ...] = ()) -> dict[str, Any]:
    """The discovery document at any address. Raises :class:`OidcRefused`, ``WireProblem``."""
    parts = urlsplit(url)
    channel = Channel(f"{parts.scheme}://{parts.netloc}", context, named=named)
    try:
        return _json(channel.get(_path(parts.path, parts.query), {"Accept": "application/json"}))
    finally:
        channel.close()


def _path(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _json(answer: HttpAnswer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body) if answer.body else {}
    except ValueError:
        raise OidcRefused(f"HTTP {answer.status}, and no JSON") from None
    if not isinstance(found, dict):
        raise OidcRefused(f"HTTP {answer.status}, and no JSON object")
    if answer.status != 200:
        said = f"HTTP {answer.status} {found.get('error', '')}: {found.get('error_description', '')}"
        raise OidcRefused(f"{said} {found.get('error_uri', '')}".strip(), str(found.get("error", "")))
    return found


def claims_of(token: str) -> dict[str, Any]:
    """The claims as they stand, unverified."""
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
