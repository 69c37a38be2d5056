"""The endpoints that software calls: token, introspection, revocation. Authlib runs them."""

from __future__ import annotations

from simulators.core.exchange import Answer, Call
from simulators.core.oidc import answers
from simulators.hospital_idp.model import IdpRequest
from simulators.hospital_idp.providers import Provider


def perform(call: Call, request: IdpRequest, provider: Provider) -> Answer:
    """``POST <issuer>/token`` (RFC 6749 §3.2). Raises ``Refused``."""
    from simulators.hospital_idp.engine import run

    return answers.json_answer(run.token(call, request, provider).body)


def introspect(call: Call, request: IdpRequest, provider: Provider) -> Answer:
    """``POST <issuer>/introspect`` (RFC 7662). Raises ``Refused``."""
    from simulators.hospital_idp.engine import run

    return answers.json_answer(run.introspection(call, request, provider).body)


def revoke(call: Call, request: IdpRequest, provider: Provider) -> Answer:
    """``POST <issuer>/revoke`` (RFC 7009): 200 for a token nobody knows too. Raises ``Refused``."""
    from simulators.hospital_idp.engine import run

    return answers.json_answer(run.revocation(call, request, provider).body)
