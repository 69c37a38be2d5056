"""ADT from admissions: judged by the rules of PAM France, then remembered (facts pfi §5)."""

from __future__ import annotations

from simulators.core.exchange import Call
from simulators.core.hl7 import Message, Reply
from simulators.pfi import patients
from simulators.population.pam import PAM_CHECKS, read_pam


def perform(call: Call, message: Message) -> Reply:
    """One ADT. An event that PAM does not have is acknowledged and ignored (PAM §5.3.2). Raises ``Refused``."""
    call.judge(PAM_CHECKS, message)
    event = read_pam(message)
    if not event.known:
        call.marks["ignored"] = event.event
        return Reply()
    standing = patients.learn(call.tx, event)
    if standing.ins:
        call.keys.add(f"patient:{standing.ins}")
    call.marks |= {"status": standing.status, "feed": standing.feed}
    return Reply()
