"""The verdict on a mail, as the operator gives it on each one accepted and ``check`` on a file."""

from __future__ import annotations

from collections.abc import Sequence

from simulators.core.rules import Policy, Verdict, judge
from simulators.mssante.rules.mail import CHECKS
from simulators.mssante.verdict.reading import Letter, read_letter


def judge_mail(
    raw: bytes, policy: Policy, *, envelope_recipients: Sequence[str] = (), sender_kind: str = ""
) -> Verdict:
    """Reads the mail once and judges it. Never raises, whatever the bytes.

    ``envelope_recipients`` adds those the header does not name; ``sender_kind`` is the kind of the sending mailbox
    (``PER``, ``ORG``, ``APP``...) where it is known: two rules ask more of one kind. Nothing refuses unless ``policy``
    says so.
    """
    return judge_read(read_letter(raw, envelope_recipients, sender_kind), policy)


def judge_read(letter: Letter, policy: Policy) -> Verdict:
    """The verdict on a mail already read."""
    return judge(policy, CHECKS, letter)
