"""How a refusal of Pro Santé Connect looks on the wire.

::

    Refused (a verdict)
    ├── json, json-401, -403, -404, -405, -501   RFC 6749 §5.2: error, error_description, error_uri
    ├── bearer-401, -403                         the same, with WWW-Authenticate (RFC 6750 §3)
    ├── redirect                                 error on redirect_uri (RFC 6749 §4.1.2.1), else a page
    └── page                                     HTML 400: nowhere safe to send the browser back to

``error_description`` holds Keycloak's words alone, in ASCII; ``error_uri`` leads to the whole verdict.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.core.rules import Finding, Verdict
from simulators.pro_sante_connect import redirecting, wallet, web
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.operations import CIBA, USERINFO, Operation, at
from simulators.pro_sante_connect.rules import client
from simulators.pro_sante_connect.rules.login import CHOICE
from simulators.pro_sante_connect.wording import OWN, description, parameters

# Keycloak challenges only a header it cannot read: to a browser-less client a challenge would hide the error itself.
_CHALLENGED: Final = {client.HEADER.id: 'Basic realm="esante-wallet"'}


def refused(call: Call, request: PscRequest | None, verdict: Verdict, href: str) -> Answer:
    """The one funnel, by the form of the first refusing rule."""
    first = verdict.refusing[0]
    # Known by its address even where nothing could be read: a person who sent too much is shown a page all the same.
    operation = request.operation if request is not None else at(call.arrival.listener, call.arrival.path)
    form, _, status = _form(first, operation).partition("-")
    if request is not None and form == "redirect":
        sent = redirecting.error(call, request, first, href)
        if sent is not None:
            return sent
    if form in {"redirect", "page"}:
        return _allowing(first, status, _error_page(call, request, first, href, int(status or 400)))
    answer = _json(first, href, form, int(status or 400))
    if operation is CIBA:  # Keycloak sends no cache headers there (facts psc §2.5)
        return replace(answer, headers={k: v for k, v in answer.headers.items() if k not in answers.NO_STORE})
    return answer


def _error_page(call: Call, request: PscRequest | None, finding: Finding, href: str, status: int) -> Answer:
    """Nowhere to send the browser back to: the refusal is told to the person, in the form at fault if there is one."""
    if request is not None and finding.rule.id == CHOICE.id:
        again = wallet.again(call, request, href, status)
        if again is not None:
            return again
    return web.page(call, "error.html", status=status, finding=finding, said=description(finding), href=href)


def _form(finding: Finding, operation: Operation | None) -> str:
    form = "json-500" if finding.rule.id in OWN else finding.rule.form
    if operation is not None and operation.browser:
        return form.replace("json", "page")
    return "bearer-400" if operation is USERINFO and form == "json" else form


def _allowing(finding: Finding, status: str, answer: Answer) -> Answer:
    """405 names the methods that are offered (RFC 9110 §15.5.6)."""
    return replace(answer, headers={**answer.headers, "Allow": finding.expected}) if status == "405" else answer


def _json(finding: Finding, href: str, form: str, status: int) -> Answer:
    said = parameters(finding, href)
    headers = dict(answers.NO_STORE)
    if form == "bearer":
        quoted = ", ".join(f'{name}="{value}"' for name, value in said.items())
        headers["WWW-Authenticate"] = f'Bearer realm="esante-wallet", {quoted}'
    elif finding.rule.id in _CHALLENGED:
        headers["WWW-Authenticate"] = _CHALLENGED[finding.rule.id]
    return _allowing(finding, str(status), answers.json_answer(said, status, headers))
