"""One relying party and its person's browser, for any OpenID provider: the same code drives ours and the others.

A flow is: authorization request with PKCE as a browser never seen before, the redirections to the product's own
address, the code for tokens, userinfo. Connections are kept alive, one a host and driver.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus, urlencode, urljoin, urlsplit

MOST_HOPS: Final = 8
CIBA_GRANT: Final = "urn:openid:params:grant-type:ciba"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class Failed(RuntimeError):
    """The provider did not answer as a flow needs it."""


@dataclass(frozen=True)
class Provider:
    """What the product was configured with; ``extra`` goes into the authorization request, ``ciba`` is the whole
    backchannel request, None where CIBA is not offered."""

    name: str
    metadata: Mapping[str, Any]
    client_id: str
    secret: str
    redirect_uri: str
    scope: str
    extra: Mapping[str, str]
    context: ssl.SSLContext | None
    ciba: Mapping[str, str] | None


@dataclass(frozen=True)
class HttpAnswer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Driver:
    """One thread of the product."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._connections: dict[str, http.client.HTTPConnection] = {}
        who = f"{quote_plus(provider.client_id)}:{quote_plus(provider.secret)}"
        self._form = {**FORM, "Authorization": "Basic " + base64.b64encode(who.encode()).decode()}

    def flow(self) -> None:
        """One complete sign-in. Raises :class:`Failed`."""
        self.userinfo(self.tokens())

    def tokens(self) -> dict[str, Any]:
        return self.exchange(*self.code())

    def code(self) -> tuple[str, str]:
        """A code and its PKCE verifier."""
        provider, state = self.provider, secrets.token_urlsafe(16)
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": provider.redirect_uri,
            "scope": provider.scope,
            "state": state,
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **provider.extra,
        }
        back = self._browse(f"{provider.metadata['authorization_endpoint']}?{urlencode(asked)}")
        if back.get("state") != state or "code" not in back:
            raise Failed(f"{provider.name}: came back with {back}")
        return back["code"], verifier

    def exchange(self, code: str, verifier: str) -> dict[str, Any]:
        back = {"redirect_uri": self.provider.redirect_uri, "code_verifier": verifier}
        return self.call("token_endpoint", {"grant_type": "authorization_code", "code": code, **back})

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        return self.call("token_endpoint", {"grant_type": "refresh_token", "refresh_token": refresh_token})

    def ciba(self) -> dict[str, Any]:
        """One round: the request, and the poll that finds it approved. Raises :class:`Failed`."""
        asked = self.call("backchannel_authentication_endpoint", self.provider.ciba or {})
        return self.call("token_endpoint", {"grant_type": CIBA_GRANT, "auth_req_id": asked["auth_req_id"]})

    def introspect(self, token: str) -> dict[str, Any]:
        return self.call("introspection_endpoint", {"token": token})

    def userinfo(self, tokens: Mapping[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"}
        return self._json(self._send("GET", self.provider.metadata["userinfo_endpoint"], None, headers))

    def call(self, endpoint: str, values: Mapping[str, str]) -> dict[str, Any]:
        """A form to an endpoint, the client by Basic. Raises :class:`Failed`."""
        url, body = self.provider.metadata[endpoint], urlencode(values).encode()
        return self._json(self._send("POST", url, body, self._form))

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    def _browse(self, at: str) -> dict[str, str]:
        """Follows the redirections with the cookies of this flow alone."""
        cookies: dict[str, str] = {}
        for _ in range(MOST_HOPS):
            kept = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())} if cookies else {}
            answer = self._send("GET", at, None, {"Accept": "text/html", **kept})
            location = answer.headers.get("Location", "")
            if answer.status not in {302, 303} or not location:
                raise Failed(f"{self.provider.name}: HTTP {answer.status} at {at}: {answer.body[:300]!r}")
            for line in answer.headers.get_all("Set-Cookie", []):
                name, _, value = line.partition(";")[0].partition("=")
                cookies[name.strip()] = value
            at = urljoin(at, location)
            if at.startswith(self.provider.redirect_uri):
                return dict(parse_qsl(urlsplit(at).query))
        raise Failed(f"{self.provider.name}: more than {MOST_HOPS} redirections")

    def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
        parts = urlsplit(url)
        connection = self._connections.get(parts.netloc) or self._open(parts.netloc)
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, dict(headers))
        answer = connection.getresponse()
        return HttpAnswer(answer.status, answer.headers, answer.read())

    def _open(self, netloc: str) -> http.client.HTTPConnection:
        context = self.provider.context
        made = http.client.HTTPSConnection(netloc, timeout=30, context=context)
        self._connections[netloc] = made
        return made

    def _json(self, answer: HttpAnswer) -> dict[str, Any]:
        if answer.status != 200:
            raise Failed(f"{self.provider.name}: HTTP {answer.status} {answer.body[:300]!r}")
        found: dict[str, Any] = json.loads(answer.body)
        return found


def metadata(url: str, context: ssl.SSLContext) -> dict[str, Any]:
    """A discovery document. Raises ``OSError`` while nobody listens, :class:`Failed`."""
    parts = urlsplit(url)
    connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=context)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise Failed(f"HTTP {answer.status} at {url}")
    found: dict[str, Any] = json.loads(body)
    return found


class Crowd:
    """Several drivers side by side; ``begin`` prepares a driver and says what it does again and again."""

    def __init__(self, provider: Provider, size: int, begin: Callable[[Driver], Callable[[], object]]) -> None:
        self._drivers = [Driver(provider) for _ in range(size)]
        self._acts = [begin(driver) for driver in self._drivers]

    def act(self, during: float) -> tuple[int, float]:
        """All of them for about ``during`` seconds: how many acts in how many seconds. Raises what a driver raised."""
        start = time.perf_counter()
        with ThreadPoolExecutor(len(self._acts)) as pool:
            done = sum(pool.map(lambda act: _repeat(act, start + during), self._acts))
        return done, time.perf_counter() - start

    def close(self) -> None:
        for driver in self._drivers:
            driver.close()


def _repeat(act: Callable[[], object], until: float) -> int:
    done = 0
    while time.perf_counter() < until:
        act()
        done += 1
    return done
