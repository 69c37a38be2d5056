"""Handing a mail to the operator as its own product would: over SMTP submission, with what the mailbox is opened by.

APP: the AUTH_CLI of its structure, SASL EXTERNAL. PER, ORG, CAB: a token of Pro Santé Connect for one of its users,
signed in by the operator's own client, which a webmail is. A citizen has no such door in life either: Mon espace santé
writes for them (:mod:`simulators.mssante.writing`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from simulators.clients.dmp.access import replayable_ids
from simulators.clients.mail.sending import Server, send
from simulators.clients.oidc import OidcClient, OidcRefused, read_metadata
from simulators.clients.outbound import OutboundDenied
from simulators.clients.transport import WireProblem
from simulators.core.errors import SandboxError
from simulators.core.pki import client_context
from simulators.core.world import identifier
from simulators.mssante import folders, mailboxes, messages
from simulators.mssante.access.introspection import WEBMAIL_URI, own_client
from simulators.mssante.mailboxes import Kind, Mailbox, OverQuota
from simulators.mssante.names import PSC, PSC_LISTENER, SUBMISSION
from simulators.mssante.writing import write
from simulators.population import registry

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

SENT: Final = "Sent"
HELO: Final = "webmail.mssante.test"
_WALLET: Final = "wallet"
_NATIONAL_ID: Final = re.compile(r"8\d{11}")
_EXCHANGE: Final = re.compile(r"/exchanges/([^/\s]+)/(\d{1,15})")


class Unsendable(SandboxError):
    """Nothing was sent. ``key`` names the text of the console that says why."""

    def __init__(self, key: str, detail: str = "") -> None:
        self.key, self.detail = key, detail
        super().__init__(f"{key} {detail}".strip())


@dataclass(frozen=True)
class Handed:
    """The operator's last word. ``exchange`` is the row of the journal it points to, else None."""

    code: int
    text: str

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def exchange(self) -> tuple[str, int] | None:
        found = _EXCHANGE.search(self.text)
        return (found[1], int(found[2])) if found else None


def hand_over(sandbox: Sandbox, world: str, box: Mailbox, recipients: Sequence[str], message: bytes) -> Handed:
    """Sends as the owner of ``box``, then keeps a copy in its folder Sent. Raises :class:`Unsendable`."""
    if box.kind is Kind.CITIZEN:
        answer = write(sandbox.runtime, world, box.address, recipients, message)
        handed = Handed(answer.status, answer.body.decode("ascii", "replace").strip())
    else:
        handed = _submit(sandbox, world, box, recipients, message)
    if handed.accepted:
        _keep(sandbox, world, box.address, message)
    return handed


def _submit(sandbox: Sandbox, world: str, box: Mailbox, recipients: Sequence[str], message: bytes) -> Handed:
    at = urlsplit(sandbox.local_url(SUBMISSION))
    host = at.hostname or ""
    external = box.address if box.kind is Kind.APP else None
    issued = sandbox.holders.pair(world, _structure(box)).auth_cli if external else None
    server = Server(
        host, at.port or 0, client_context(sandbox.trusted.at(sandbox.now()), issued), named=(host,), helo=HELO
    )
    asked = [(address, "") for address in recipients]
    try:
        with nullcontext("") if external else _token(sandbox, world, box) as bearer:
            sent = send(server, box.address, asked, message, external=external, bearer=bearer)
    except OutboundDenied as denied:
        raise Unsendable("mail_no_wire", str(denied)) from denied
    if not sent.code:
        raise Unsendable("mail_no_wire", sent.text)
    return Handed(sent.code, sent.text)


def _structure(box: Mailbox) -> str:
    if not box.owners:
        raise Unsendable("mail_no_owner", box.address)
    return box.owners[0]


@contextmanager
def _token(sandbox: Sandbox, world: str, box: Mailbox) -> Iterator[str]:
    """An access token of a user of the mailbox, by the code flow over the wire; the session ends with the sending."""
    if all(service.name != PSC for service in sandbox.services):
        raise Unsendable("mail_no_psc", box.address)
    user = _user(sandbox, world, box)
    with ExitStack() as stack:
        try:
            client = stack.enter_context(_client(sandbox, world))
            tokens = client.sign_in(user, "openid scope_all", acr_values="eidas1")
        except (OidcRefused, WireProblem) as refused:
            raise Unsendable("mail_not_signed_in", f"{user}: {refused}") from refused
        yield str(tokens.get("access_token", ""))
        with suppress(OidcRefused, WireProblem):
            client.log_out(str(tokens.get("id_token", "")))


def _user(sandbox: Sandbox, world: str, box: Mailbox) -> str:
    with sandbox.store.read(world) as tx:
        known = next((owner for owner in box.owners if registry.professional(tx, owner) is not None), "")
    user = known or next((owner for owner in box.owners if _NATIONAL_ID.fullmatch(owner)), "")
    if not user:
        raise Unsendable("mail_no_owner", box.address)
    return user


def _client(sandbox: Sandbox, world: str) -> OidcClient:
    """The operator's client; every endpoint by an address of this machine."""
    service = next(service for service in sandbox.services if service.name == PSC)
    wallet, psc = (f"{sandbox.local_url(listener)}/w/{world}" for listener in (_WALLET, PSC_LISTENER))
    context = client_context(sandbox.trusted.at(sandbox.now()))
    named = tuple({urlsplit(base).hostname or "" for base in (wallet, psc)})
    told = read_metadata(f"{psc}{service.paths['discovery']}", context, named)
    metadata: dict[str, Any] = {
        "issuer": told.get("issuer"),
        "authorization_endpoint": f"{wallet}{service.paths['authorization']}",
        "token_endpoint": f"{psc}{service.paths['token']}",
        "end_session_endpoint": f"{psc}{service.paths['token'].removesuffix('token')}logout",
    }
    with sandbox.store.write(world) as tx:
        known, seed = own_client(tx), identifier(tx, "webmail").hex
    ids = replayable_ids(seed)
    return OidcClient(metadata, known["client_id"], known["secret"], WEBMAIL_URI, context, ids, named)


def _keep(sandbox: Sandbox, world: str, address: str, message: bytes) -> None:
    """A client files what it sent (facts mssante §2.2); a full mailbox has sent it all the same."""
    here = sandbox.worlds.get(world)
    with suppress(OverQuota), sandbox.store.write(world) as tx:
        if folders.find(tx, address, SENT) is None:  # with its like: nobody has opened the mailbox yet
            folders.create_defaults(tx, address)
        sent = folders.get(tx, address, SENT)
        messages.append(tx, sent.folder, message, received=here.wire(sandbox.now()), flags=("\\Seen",))


def box_of(sandbox: Sandbox, world: str, address: str) -> Mailbox | None:
    """The mailbox of that address."""
    with sandbox.store.read(world) as tx:
        return mailboxes.find(tx, address)
