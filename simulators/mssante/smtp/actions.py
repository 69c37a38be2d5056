"""An answer of the exchange as actions of a session, its delay, cut or truncation included."""

from __future__ import annotations

from collections.abc import Sequence

from simulators.core.exchange import Answer
from simulators.core.listeners.session import Action, Close, Later, Send
from simulators.mssante.replies import line


def ok(text: str) -> Answer:
    """A reply that begins with its code."""
    return Answer(int(text[:3]), line(text))


def carried(answer: Answer) -> Sequence[Action]:
    """What the session gives back for ``answer``, as a fault may have shaped it."""
    if answer.disconnect is not None:
        actions: Sequence[Action] = [Close(reset=answer.disconnect == "reset")]
    elif answer.truncate is not None:
        actions = [Send(answer.body[: answer.truncate]), Close()]
    else:
        actions = [Send(_reply(answer))]
    return [Later(answer.delay, lambda: actions)] if answer.delay > 0 else actions


def _reply(answer: Answer) -> bytes:
    """A fault may answer in HTTP's terms (a status, an empty body): a reply of SMTP all the same."""
    if answer.body[:3].isdigit():
        return answer.body
    return line(f"{'421 4.3.2' if answer.status in {0, 429, 502, 503, 504} else '451 4.3.0'} Service not available")
