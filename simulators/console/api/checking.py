"""``check`` over HTTP: the operator's verdict on a mail, under the policy and with the mailboxes of a world.

The operator's rooms are imported by the handler: in a sandbox started without it (``--only``) they must not declare
tables. The other kinds of file are judged by ``segur-sandbox check``, which has a sandbox of its own for them.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from simulators.assembly.examine.kinds import looks_mail
from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

OPERATOR = "mssante"
LARGEST = 64 << 20
STRING = {"type": "string"}


def check_mail(sandbox: Sandbox, values: Values, world: str) -> Any:
    """The JSON shape of ``check --json`` for one file."""
    if all(service.name != OPERATOR for service in sandbox.services):
        raise Problem(404, "this sandbox runs without the MSSanté operator (--only)")
    data = _bytes(values.text("content"))
    if not looks_mail(data):
        raise Problem(400, "content: no mail begins like this; other files: segur-sandbox check FILE")
    from simulators.assembly.examine.mail import examine_mail
    from simulators.mssante import mailboxes
    from simulators.mssante.verdict.reading import read_letter

    policy = sandbox.worlds.get(world).policy
    with sandbox.store.read(world) as tx:
        sender = mailboxes.find(tx, read_letter(data).sender.key)
    return examine_mail(values.text("name", "mail.eml"), data, policy, sender.kind if sender else "").as_json()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Problem(400, "content: expected base64") from None


BODY = {"content": STRING, "name": STRING}
ROUTES = (
    Route(
        "POST",
        "/worlds/<world>/check",
        "The operator's verdict on a mail (content: base64)",
        check_mail,
        BODY,
        required=("content",),
        largest=LARGEST,
    ),
)
