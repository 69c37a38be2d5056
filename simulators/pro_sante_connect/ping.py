"""Ping mode (CIBA Core 1.0 §10.2): a client is told that its request has an answer, then polls once for it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from simulators.clients.outbound import OutboundDenied, check_call, hosts_of
from simulators.clients.transport import Channel, HttpAnswer, WireProblem
from simulators.core import journal
from simulators.core.exchange import Runtime
from simulators.core.pki import Trust
from simulators.core.rules import Policy
from simulators.core.world import World
from simulators.pro_sante_connect.names import NAME

OPERATION: Final = f"{NAME}.ping"
_PATIENCE_S: Final = 10.0


class Ping:
    """Sends what :mod:`.device` put into the outbox: at least once, after the commit, one row in the journal for each
    attempt. The client can always poll, so that nothing is sent again after a failure."""

    def __init__(self, trust: Callable[[datetime], Trust]) -> None:
        self._trust = trust
        self._runtime: Runtime | None = None

    def stand_on(self, runtime: Runtime) -> None:
        """What it runs on, known once the listeners are made and before anything is sent."""
        self._runtime = runtime

    def send(self, world: str, message: str, told: Mapping[str, Any]) -> None:
        """Raises ``OutboundDenied``, ``WireProblem``."""
        runtime = self._runtime
        if runtime is None:
            raise WireProblem("Pro Santé Connect does not listen yet")
        here = runtime.worlds.get(world)
        body = json.dumps({"auth_req_id": told["auth_req_id"]}).encode()
        answer, problem = None, None
        try:
            answer = self._post(runtime, here, told, body)
        except (OutboundDenied, WireProblem) as met:
            problem = met
        _record(runtime, here, told, body, answer, problem)
        if problem is not None:
            raise problem

    def _post(self, runtime: Runtime, world: World, told: Mapping[str, Any], body: bytes) -> HttpAnswer:
        url = endpoint(told["endpoint"], world.policy, runtime.allow_hosts)
        named = (*runtime.allow_hosts, *hosts_of(world.policy))
        context = _context(self._trust(runtime.now())) if url.scheme == "https" else None
        channel = Channel(f"{url.scheme}://{url.netloc}", context, _PATIENCE_S, named)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {told['token']}"}
        try:
            return channel.post(f"{url.path or '/'}{'?' if url.query else ''}{url.query}", body, headers)
        finally:
            channel.close()


def endpoint(text: str, policy: Policy, allowed: Collection[str]) -> SplitResult:
    """The notification endpoint of a client. Raises ``OutboundDenied``: no http(s) URL, or a host nobody named."""
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError:
        raise OutboundDenied(f"{text!r} is no URL") from None
    if url.scheme not in {"http", "https"} or not host or url.username is not None:
        raise OutboundDenied(f"{text!r} is no http or https URL")
    check_call(host, policy, allowed)
    return url


def _context(trust: Trust) -> ssl.SSLContext:
    """The authorities of the system, ours and those of the vendor (``--trust-ca``)."""
    context = ssl.create_default_context()
    pem = "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in trust.certificates)
    if pem:
        context.load_verify_locations(cadata=pem)
    return context


def _record(
    runtime: Runtime,
    world: World,
    told: Mapping[str, Any],
    body: bytes,
    answer: HttpAnswer | None,
    problem: Exception | None,
) -> None:
    heard = answer is not None and answer.status in {200, 204}
    entry = journal.Entry(
        protocol=NAME,
        operation=OPERATION,
        direction="out",
        who={"client": told["client"]},
        outcome="accepted" if heard else "failed",
        status=str(answer.status) if answer is not None else "",
        marks={} if problem is None else {"problem": str(problem)},
        keys=(f"ciba:{told['request']}",),
        request_head=f"POST {told['endpoint']}\nContent-Type: application/json\nAuthorization: Bearer {told['token']}",
        request=body,
        answer=answer.body if answer is not None else b"",
    )
    with runtime.store.write(world.name) as tx:
        journal.record(tx, world, runtime.now(), entry)
