"""Tokens of a CIBA request."""

from __future__ import annotations

from typing import Any

from simulators.core.exchange import Call
from simulators.pro_sante_connect.clients import Client
from simulators.pro_sante_connect.model import PscRequest
from simulators.pro_sante_connect.rules import token as rules


def grant(call: Call, request: PscRequest, client: Client) -> dict[str, Any]:
    raise call.refusal(rules.GRANT.finding(request.where("grant_type"), found="ciba", expected="authorization_code"))
