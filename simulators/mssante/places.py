"""Where a recipient's mail goes: a mailbox of this world, a citizen's, another operator, or nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulators.core.exchange import Call
from simulators.core.routing import holder
from simulators.core.rules import Finding
from simulators.core.store.api import Tx
from simulators.mssante import domains, mailboxes
from simulators.mssante.addresses import Address, Family
from simulators.mssante.mailboxes import Mailbox, State
from simulators.mssante.names import DOMAIN_ROUTE
from simulators.mssante.rules import submission as rules


class Way(StrEnum):
    """What happens to the mail."""

    LOCAL = "local"
    ADOPT = "adopt"
    CITIZEN = "citizen"
    RELAY = "relay"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Place:
    """``mailbox`` of a LOCAL one; ``finding`` says why a mail cannot go there."""

    way: Way
    address: Address
    mailbox: Mailbox | None = None
    finding: Finding | None = None


def place_of(call: Call, text: str, *, relays: bool) -> Place:
    """Looks only. ``relays``: whether a mail may leave for another operator (submission) or not (port 25)."""
    address = Address.read(text)
    if not address.wellformed:
        return _nowhere(address, rules.RCPT_ADDRESS.finding(_AT, found=text, expected="name@domain"))
    if address.family is Family.CITIZEN:
        return Place(Way.CITIZEN, address)
    mailbox = mailboxes.find(call.tx, address.key)
    if mailbox is not None:
        return Place(Way.LOCAL, address, mailbox, _closed(mailbox))
    hosting = domains.hosting(call.tx, address.domain)
    if hosting == "seeded":
        return _nowhere(address, rules.RCPT_UNKNOWN.finding(_AT, found=text, expected="a mailbox of the world"))
    if domains.route_of(call.tx, address.domain) and not hosting:
        refused = rules.RELAY.finding(_AT, found=text, expected="a domain hosted here")
        return Place(Way.RELAY, address) if relays else _nowhere(address, refused)
    return _unhosted(call, address, hosting)


def _unhosted(call: Call, address: Address, hosting: str) -> Place:
    """A domain nobody knows yet: adopted where the world allows it."""
    if address.family is Family.OUTSIDE:
        found, expected = address.text, "an address of the trust space"
        return _nowhere(address, rules.RCPT_OUTSIDE.finding(_AT, found=found, expected=expected))
    choice = call.world.policy.on_unknown(domains.FAMILY)
    if choice == "refuse" or (not hosting and _elsewhere(call.tx, address.domain)):
        found, expected = address.text, "a domain hosted here or in the white list"
        return _nowhere(address, rules.RCPT_DOMAIN.finding(_AT, found=found, expected=expected))
    return Place(Way.ADOPT, address)


def _elsewhere(tx: Tx, domain: str) -> bool:
    """Whether another world hosts the domain."""
    return holder(tx, DOMAIN_ROUTE, domain) not in {None, tx.world}


def _closed(mailbox: Mailbox) -> Finding | None:
    if mailbox.state is not State.OPEN:
        return rules.RCPT_STATE.finding(_AT, found=f"{mailbox.address} {mailbox.state}", expected="open")
    if mailbox.quota_bytes is not None and mailbox.used_bytes >= mailbox.quota_bytes:
        found = f"{mailbox.used_bytes} bytes used"
        return rules.RCPT_FULL.finding(_AT, found=found, expected=f"below {mailbox.quota_bytes}")
    return None


def _nowhere(address: Address, finding: Finding) -> Place:
    return Place(Way.NOWHERE, address, finding=finding)


_AT = "command:RCPT"
