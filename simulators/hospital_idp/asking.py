"""The authorization request, judged as one straight list (RFC 6749 §4.1.1, RFC 7636, OpenID Connect Core §3.1.2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from simulators.core.rules import Check, Finding, Rule
from simulators.hospital_idp.clients import Client
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.names import SCOPES
from simulators.hospital_idp.providers import Provider
from simulators.hospital_idp.redirecting import MODES
from simulators.hospital_idp.rules import authorization as rules

PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_AGE: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class Asked:
    """``values`` are the parameters of the request, which may have come in an earlier message than ``request``."""

    request: IdpRequest
    values: Mapping[str, str]
    provider: Provider
    client: Client

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    def finding(self, rule: Rule, name: str, found: str, expected: str) -> Finding:
        return rule.finding(self.request.where(name), found=found, expected=expected)

    @property
    def prompts(self) -> list[str]:
        return self.get("prompt").split()


def _mode(asked: Asked) -> Iterator[Finding]:
    mode = asked.get("response_mode")
    if mode and mode not in MODES:
        yield asked.finding(rules.RESPONSE_MODE, "response_mode", mode, ", ".join(MODES))


def _objects(asked: Asked) -> Iterator[Finding]:
    for rule, name in ((rules.REQUEST_OBJECT, "request"), (rules.REQUEST_URI, "request_uri")):
        if asked.get(name):
            yield asked.finding(rule, name, "present", "absent")


def _scope(asked: Asked) -> Iterator[Finding]:
    words = asked.get("scope").split()
    if "openid" not in words:
        yield asked.finding(rules.SCOPE_OPENID, "scope", " ".join(words), "openid")
    unknown = [word for word in words if word not in SCOPES]
    if unknown:
        yield asked.finding(rules.SCOPE_UNKNOWN, "scope", " ".join(unknown), " ".join(SCOPES))


def _state_and_nonce(asked: Asked) -> Iterator[Finding]:
    for rule, name in ((rules.STATE, "state"), (rules.NONCE, "nonce")):
        if not asked.get(name):
            yield asked.finding(rule, name, "", name)


def _pkce(asked: Asked) -> Iterator[Finding]:
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    required = asked.provider.pkce_required or asked.client.pkce_required or asked.client.auth == "none"
    if not challenge and (required or method):
        yield asked.finding(rules.PKCE_MISSING, "code_challenge", "", "code_challenge")
    if challenge and method != "S256":
        yield asked.finding(rules.PKCE_METHOD, "code_challenge_method", method, "S256")
    if challenge and not _CHALLENGE.fullmatch(challenge):
        yield asked.finding(rules.PKCE_FORM, "code_challenge", challenge, "43 characters of base64url")


def _prompt(asked: Asked) -> Iterator[Finding]:
    prompts = asked.prompts
    if "none" in prompts and len(prompts) > 1:
        yield asked.finding(rules.PROMPT, "prompt", asked.get("prompt"), "none alone")
    elif not PROMPTS.issuperset(prompts):
        yield asked.finding(rules.PROMPT, "prompt", asked.get("prompt"), "none, login, consent, select_account")


def _max_age(asked: Asked) -> Iterator[Finding]:
    age = asked.get("max_age")
    if age and not _AGE.fullmatch(age):
        yield asked.finding(rules.MAX_AGE, "max_age", age, "whole seconds")


CHECKS: Final[tuple[Check[Asked], ...]] = (*(_mode, _objects, _scope, _state_and_nonce, _pkce, _prompt, _max_age),)
