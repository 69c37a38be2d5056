"""Ready means: one real exchange per protocol succeeded, in a hidden world dropped afterwards."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from simulators.assembly.endpoints import certificate_files, describe_world, service_urls, trust_files
from simulators.clients.dmp.access import dmp_client, patient_of, replayable_ids
from simulators.clients.mail.sending import Server, send
from simulators.clients.mllp import MllpServer, send_once
from simulators.clients.oidc import OidcClient, read_metadata
from simulators.clients.transport import Channel, HttpAnswer
from simulators.core.errors import EnvironmentProblem, SandboxError, WorldGone
from simulators.core.hl7 import Head, read_message, stamp
from simulators.core.pki import client_context
from simulators.population.pam.build import build_pam
from simulators.population.pam.model import Identifier, Identity, PamEvent
from simulators.population.pam.model import Name as PatientName

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

SELF_CHECK = "-selfcheck"


def prove(sandbox: Sandbox) -> None:
    """Speaks to each service as a product would. Raises :class:`EnvironmentProblem`.

    One process at a time: those that share a database share the hidden world too.
    """
    with sandbox.store.exclusive(SELF_CHECK):
        with contextlib.suppress(WorldGone):
            sandbox.delete_world(SELF_CHECK)
        sandbox.worlds.create(SELF_CHECK)
        try:
            for service in sandbox.services:
                if service.name not in PROOFS:
                    raise EnvironmentProblem(f"no exchange is known that proves {service.name}")
                PROOFS[service.name](sandbox)
        except SandboxError as problem:
            raise EnvironmentProblem(f"not ready: {problem}") from problem
        finally:
            sandbox.delete_world(SELF_CHECK)


def _dmp(sandbox: Sandbox) -> None:
    """TD0.2 over mutual TLS; the certificate alone leads to the hidden world."""
    described = describe_world(sandbox, SELF_CHECK, certificates=False)
    described["services"] = {"dmp": service_urls(sandbox, "dmp", base=sandbox.local_url("dmp"))}
    hospital = next(s for s in described["structures"] if s["slug"] == "hospital")
    hospital["certificates"] = certificate_files(sandbox, SELF_CHECK, hospital["id"])
    roots = Path(trust_files(sandbox)["roots"])
    ids = replayable_ids(SELF_CHECK)
    with dmp_client(described, roots, "hospital", "hospital-specialist", ids=ids, now=sandbox.now) as client:
        answer = client.exists(patient_of(described, "adult").ins)
    if answer.values.get("state") != "active":
        raise EnvironmentProblem(f"the DMP answered {answer.outcome} {answer.code} {answer.text}")


def _pro_sante_connect(sandbox: Sandbox) -> None:
    """A sign-in by hint on the wallet host and a code exchanged on the other; the client leads to the hidden world."""
    described = describe_world(sandbox, SELF_CHECK, certificates=False)
    client = next(c for c in described["clients"] if c["provider"] == "pro_sante_connect")
    professional = next(p["id"] for p in described["professionals"] if p["slug"] == "hospital-specialist")
    context = client_context(sandbox.trusted.at(sandbox.now()))
    back = {"redirect_uri": "https://localhost/ready", "client_id": client["client_id"]}
    asked = {**back, "response_type": "code", "scope": "openid scope_all", "acr_values": "eidas1"}
    asked |= {"state": "ready", "nonce": "ready", "login_hint": professional}
    sent = _form(sandbox.local_url("wallet"), "/auth", asked, context)
    code = dict(parse_qsl(urlsplit(sent.headers.get("location", "")).query)).get("code", "")
    token = {**back, "grant_type": "authorization_code", "code": code, "client_secret": client["secret"]}
    path = "/auth/realms/esante-wallet/protocol/openid-connect/token"
    answer = _form(sandbox.local_url("psc"), path, token, context)
    if answer.status != 200 or "id_token" not in json.loads(answer.body):
        raise EnvironmentProblem(f"Pro Santé Connect answered {sent.status}, then {answer.status} {answer.body!r}")


def _hospital_idp(sandbox: Sandbox) -> None:
    """A code flow by hint with PKCE, then the person's claims; the client leads to the hidden world."""
    described = describe_world(sandbox, SELF_CHECK, certificates=False)
    client = next(c for c in described["clients"] if c["provider"] == "hospital_idp")
    base, context = sandbox.local_url("hospital-idp"), client_context(sandbox.trusted.at(sandbox.now()))
    path = next(service.paths["discovery"] for service in sandbox.services if service.name == "hospital_idp")
    named = (urlsplit(base).hostname or "",)
    told = read_metadata(f"{base}{path}?{urlencode({'client_id': client['client_id']})}", context, named)
    # The public name may only resolve elsewhere: the same endpoints, by an address of this machine.
    public = str(told["issuer"]).partition("/idp/")[0]
    here = {name: v.replace(public, base) if isinstance(v, str) and name != "issuer" else v for name, v in told.items()}
    who = (client["client_id"], client["secret"], "https://localhost/ready", context, replayable_ids(SELF_CHECK))
    with OidcClient(here, *who, named=named) as product:
        person = product.userinfo(product.sign_in("hospital-specialist")["access_token"])
    if not person.get("rpps"):
        raise EnvironmentProblem(f"the hospital identity provider told nobody's RPPS: {person}")


def _mssante(sandbox: Sandbox) -> None:
    """A mail from the hospital's applicative mailbox to its service; the certificate leads to the hidden world."""
    described = describe_world(sandbox, SELF_CHECK, certificates=False)
    boxes = {(box["kind"], owner): box["address"] for box in described["mailboxes"] for owner in box["owners"]}
    hospital = next(s["id"] for s in described["structures"] if s["slug"] == "hospital")
    sender, to = boxes["APP", hospital], boxes["ORG", hospital]
    issued = sandbox.holders.pair(SELF_CHECK, hospital).auth_cli
    at = urlsplit(sandbox.local_url("submission"))
    context = client_context(sandbox.trusted.at(sandbox.now()), issued)
    server = Server(at.hostname or "", at.port or 0, context, named=(at.hostname or "",))
    mail = f"From: <{sender}>\r\nTo: <{to}>\r\nSubject: ready\r\n\r\nready\r\n".encode("ascii")
    answer = send(server, sender, [(to, "")], mail, external=sender)
    if not answer.accepted:
        raise EnvironmentProblem(f"the MSSanté operator answered {answer.code} {answer.text}")


def _hl7(listener: str, sandbox: Sandbox) -> None:
    """A patient is announced (ADT^A28) over MLLP with TLS; the certificate leads to the hidden world."""
    described = describe_world(sandbox, SELF_CHECK, certificates=False)
    hospital = next(s["id"] for s in described["structures"] if s["slug"] == "hospital")
    context = client_context(sandbox.trusted.at(sandbox.now()), sandbox.holders.pair(SELF_CHECK, hospital).auth_cli)
    head = Head("READY", "READY", listener, "READY", sandbox.now(), "", "ready")
    identity = Identity((Identifier("READY", "PI", "READY"),), (PatientName("READY", "SELFCHECK"),), "19700101", "U")
    event = PamEvent("A28", replace(identity, statuses=("PROV",)), recorded=stamp(sandbox.now()))
    url = sandbox.local_url(listener)
    told = send_once(MllpServer(url, context, named=(urlsplit(url).hostname or "",)), build_pam(event, head))
    if read_message(told).value("MSA-1") != "AA":
        raise EnvironmentProblem(f"{listener} answered {told!r}")


def _no_port(sandbox: Sandbox) -> None:
    """The identity repository only speaks: there is nobody to ask."""


def _form(base: str, path: str, fields: Mapping[str, str], context: ssl.SSLContext) -> HttpAnswer:
    channel = Channel(base, context, named=[urlsplit(base).hostname or ""])
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return channel.post(path, urlencode(fields).encode(), headers)
    finally:
        channel.close()


PROOFS: Mapping[str, Callable[[Sandbox], None]] = {
    "dmp": _dmp,
    "pro_sante_connect": _pro_sante_connect,
    "hospital_idp": _hospital_idp,
    "mssante": _mssante,
    "pfi": partial(_hl7, "pfi_mllps"),
    "dpi": partial(_hl7, "dpi_mllps"),
    "identity_repository": _no_port,
}
