"""Authentication of the client at the endpoints it calls itself: one straight list of checks."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import replace

from simulators.core.exchange import Call
from simulators.core.pki import chain_verdict
from simulators.core.rules import Finding, Level, Rule, Verdict
from simulators.pro_sante_connect import clients
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.rules import client as rules

FAMILY = "clients"


def authenticated(call: Call, request: PscRequest) -> Client:
    """The client, proved, adopted where the world allows it. Raises ``Refused``."""
    shown = request.shown
    if not shown.client_id:
        raise call.refusal(rules.MISSING.finding("body.client_id", expected="client_id"))
    client = known(call, shown.client_id, request.where("client_id"), rules.UNKNOWN)
    if shown.twice:
        call.find(rules.TWICE.finding("body.client_secret", found="present", expected="absent"))
    call.judge([_method, _secret, _certificate], (client, request))
    return _learnt(call, client, request)


def known(call: Call, client_id: str, where: str, rule: Rule) -> Client:
    """The client of that name, adopted where the world allows it. Raises ``Refused``."""
    found = clients.find(call.tx, client_id)
    if found is not None:
        return found
    choice = call.world.policy.on_unknown(FAMILY)
    odd = len(client_id) > 255 or any(c <= " " or c == "\x7f" for c in client_id)
    if choice == "refuse" or odd:
        raise call.refusal(rule.finding(where, found=client_id, expected="a declared client"))
    if choice == "warn":
        warning = replace(rule.finding(where, found=client_id, expected="a declared client"), level=Level.WARN)
        call.verdict += Verdict((warning,))
    adopted = Client(client_id, adopted=True)
    clients.save(call.tx, adopted)
    call.adopted(FAMILY, client_id)
    return adopted


def _uses_certificate(client: Client) -> bool:
    return client.auth in {"tls_client_auth", "secret+cert"}


def _method(case: tuple[Client, PscRequest]) -> Iterator[Finding]:
    client, request = case
    used = {"header": "client_secret_basic", "body": "client_secret_post"}.get(request.shown.secret_in, "")
    wrong = client.auth in {"client_secret_basic", "client_secret_post"} and used and used != client.auth
    if wrong or (used and client.auth in {"none", "tls_client_auth"}):
        yield rules.METHOD.finding(_secret_place(request), found=used, expected=client.auth)


def _secret(case: tuple[Client, PscRequest]) -> Iterator[Finding]:
    client, request = case
    shown = request.shown
    if client.auth in {"none", "tls_client_auth"}:
        return
    if not shown.secret and not (client.adopted and not client.secret and shown.certificate is not None):
        yield rules.SECRET_MISSING.finding(_secret_place(request), expected="the client's secret")
    elif client.secret and not hmac.compare_digest(shown.secret.encode(), client.secret.encode()):
        yield rules.SECRET.finding(_secret_place(request), found="another secret", expected="the declared secret")
    elif not client.secret and not client.adopted:
        yield rules.SECRET.finding(_secret_place(request), found="a secret", expected="a client declared with one")


def _certificate(case: tuple[Client, PscRequest]) -> Iterator[Finding]:
    client, request = case
    if not _uses_certificate(client):
        return
    facts = request.shown.certificate
    if facts is None:
        yield rules.CERTIFICATE_MISSING.finding("certificate", expected="an AUTH_CLI certificate")
        return
    reason = chain_verdict(facts, request.trust, request.wall)
    if reason is not None:
        yield rules.CERTIFICATE_CHAIN.finding("certificate", found=reason.value, expected="a certificate in force")
    if not facts.is_auth_profile:
        found = "contentCommitment" if facts.is_signature_profile else "no client authentication"
        yield rules.CERTIFICATE_USAGE.finding(
            "certificate.keyUsage", found=found, expected="digitalSignature, clientAuth"
        )
    if client.subject_dn and facts.subject_dn != client.subject_dn:
        yield rules.CERTIFICATE.finding("certificate.subject", found=facts.subject_dn, expected=client.subject_dn)
    elif not client.subject_dn and client.fingerprint and facts.fingerprint != client.fingerprint:
        expected = client.fingerprint
        yield rules.CERTIFICATE.finding("certificate.fingerprint", found=facts.fingerprint, expected=expected)


def _secret_place(request: PscRequest) -> str:
    return "header.Authorization" if request.shown.id_in == "header" else "body.client_secret"


def _learnt(call: Call, client: Client, request: PscRequest) -> Client:
    """An adopted client keeps the first secret it shows; one known by certificate the first certificate."""
    shown = request.shown
    learnt = client
    if client.adopted and not client.secret and shown.secret:
        learnt = replace(learnt, secret=shown.secret)
    elif client.adopted and not client.secret and client.auth == "any" and shown.certificate is not None:
        learnt = replace(learnt, auth="tls_client_auth")
    if _uses_certificate(learnt) and not learnt.subject_dn and not learnt.fingerprint and shown.certificate:
        learnt = replace(learnt, fingerprint=shown.certificate.fingerprint)
    if learnt is not client:
        clients.save(call.tx, learnt)
        call.marks["learnt"] = f"credentials of client {client.client_id}"
    return learnt
