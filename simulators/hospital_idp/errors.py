"""How a refusal of the provider looks on the wire.

::

    Refused (a verdict)
    ├── json, json-401, -404, -405     RFC 6749 §5.2: error, error_description, error_uri
    ├── bearer-400, -401, -403         the same, with WWW-Authenticate: Bearer (RFC 6750 §3)
    ├── redirect                       error on redirect_uri (RFC 6749 §4.1.2.1), else a page
    └── page, page-403                 HTML: nowhere safe to send the browser back to

At an endpoint of people, json is a page; at an endpoint of software, page and redirect are json. ``error_uri`` leads
to the whole verdict.
"""

from __future__ import annotations

from typing import Final

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.own_rules import OWN_RULES
from simulators.core.rules import Finding, Verdict
from simulators.hospital_idp import redirecting, web
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.operations import USERINFO, split

_OWN: Final = {rule.id for rule in OWN_RULES}
_REALM: Final = 'realm="hospital-idp"'


def refused(call: Call, request: IdpRequest | None, verdict: Verdict, href: str) -> Answer:
    """The one funnel, by the form of the first refusing rule."""
    first = verdict.refusing[0]
    kind, _, number = first.rule.form.partition("-")
    status = 500 if first.rule.id in _OWN else int(number or 400)
    operation = split(call.arrival.path)[1]
    if operation is None or not operation.browser:
        bearer = kind == "bearer" or (operation is USERINFO and status != 500)
        return _json(first, href, status, bearer=bearer)
    if request is not None and kind == "redirect":
        sent = redirecting.error(call, request, parameters(first, href))
        if sent is not None:
            return sent
    return web.error_page(call, first, href, status if status in {403, 404, 405, 500} else 400)


def parameters(finding: Finding, href: str) -> dict[str, str]:
    """``error``, ``error_description`` (ASCII without quote or backslash, RFC 6749 §5.2) and ``error_uri``."""
    said = f"{finding.rule.sentence.en} ({finding.rule.id} at {finding.where})"
    plain = "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in said)
    code = "server_error" if finding.rule.id in _OWN else finding.rule.code
    return {"error": code, "error_description": plain, "error_uri": href}


def _json(finding: Finding, href: str, status: int, *, bearer: bool) -> Answer:
    said = parameters(finding, href)
    headers = dict(answers.NO_STORE)
    if bearer:
        quoted = ", ".join(f'{name}="{value}"' for name, value in said.items())
        headers["WWW-Authenticate"] = f"Bearer {_REALM}, {quoted}"
    elif status == 401:
        headers["WWW-Authenticate"] = f"Basic {_REALM}"
    if status == 405:
        headers["Allow"] = finding.expected
    return answers.json_answer(said, status, headers)
