"""The SMS gateway that sends nothing: any POST with a number and a text, in JSON or as a form, is kept.

No gateway is imitated: the common names of the two fields are understood, so that a product points its base URL here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from simulators.core.exchange import Answer, Call
from simulators.core.routing import Clue
from simulators.core.rules import Example, Verdict
from simulators.mssante.catchers import caught
from simulators.mssante.names import NAME
from simulators.mssante.operations import SMS as OPERATION
from simulators.mssante.rules.wire import STANDARD, rule

_TO: Final = ("to", "phone", "phonenumber", "number", "msisdn", "recipient", "recipients", "mobile", "destination")
_TEXT: Final = ("text", "message", "body", "content", "sms", "msg")
_FROM: Final = ("from", "sender", "originator", "source")
_LONGEST: Final = 10_000

SMS = rule(
    "SMS",
    "body of the POST",
    "aucun numéro ou aucun texte n'est reconnu dans la demande",
    "no number or no text is recognised in the request",
    'POST en JSON {"to": "+33600000000", "text": "..."} ou en formulaire, avec les mêmes noms',
    'POST in JSON {"to": "+33600000000", "text": "..."} or as a form, with the same names',
    code="400 5.5.4",
    source="this project",
    grade=STANDARD,
    switchable=False,
    kind="message",
    example=Example("body", "{}", "to and text"),
)
RULES: Final = (SMS,)


@dataclass(frozen=True, slots=True)
class Text:
    """One SMS."""

    sender: str
    recipients: tuple[str, ...]
    text: str


class SmsFlow:
    """One POST."""

    name = NAME

    def read(self, call: Call) -> Text:
        """Raises ``Refused``."""
        call.operation = OPERATION
        fields = _fields(call)
        to, text = _first(fields, _TO), _first(fields, _TEXT)
        recipients = tuple(str(one) for one in (to if isinstance(to, list) else [to]) if one)
        if not recipients or not text or len(str(text)) > _LONGEST:
            raise call.refusal(SMS.finding("body", found=", ".join(fields)[:200], expected="to and text"))
        call.keys |= {f"sms:{number}" for number in recipients}
        return Text(str(_first(fields, _FROM) or ""), recipients, str(text))

    def clues(self, call: Call, request: Text | None) -> Sequence[Clue]:
        """The address alone names a world."""
        return ()

    def perform(self, call: Call, request: Text) -> Answer:
        """Keeps it."""
        content = request.text.encode("utf-8", "replace")
        number = caught.catch(call.tx, caught.SMS, request.sender, request.recipients, content, call.wire_now)
        call.marks["caught"] = number
        return _json(200, {"id": str(number), "status": "caught", "recipients": list(request.recipients)})

    def refuse(self, call: Call, request: Text | None, verdict: Verdict, href: str) -> Answer:
        """The funnel."""
        first = verdict.refusing[0]
        told = {"rule": first.rule.id, "found": first.found, "expected": first.expected, "href": href}
        return _json(400 if first.rule is SMS else 500, {"error": first.rule.sentence.en, **told})


def _fields(call: Call) -> Mapping[str, Any]:
    body = call.arrival.body
    try:
        read = json.loads(body) if body.lstrip()[:1] in (b"{", b"[") else dict(parse_qsl(body.decode("utf-8")))
    except (ValueError, RecursionError):
        read = {}
    if isinstance(read, list):
        read = read[0] if read else {}
    if not isinstance(read, dict):
        return {}
    return {str(name).lower().replace("_", ""): value for name, value in read.items()}


def _first(fields: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((fields[name] for name in names if fields.get(name)), None)


def _json(status: int, data: Mapping[str, Any]) -> Answer:
    body = json.dumps(data, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": "application/json"})
