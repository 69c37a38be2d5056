"""The verdict of the MSSanté operator on a mail in a file."""

from __future__ import annotations

from collections.abc import Iterator

from simulators.assembly.examine.model import Examined
from simulators.core.rules import Policy, judge
from simulators.mssante.scanning import Scanned, check
from simulators.mssante.verdict.mail import judge_read
from simulators.mssante.verdict.reading import Letter, read_letter


def examine_mail(name: str, data: bytes, policy: Policy, sender_kind: str = "") -> Examined:
    """What the operator looks for before it accepts the mail, and what it tells of one accepted."""
    data = data if b"\r\n" in data else data.replace(b"\n", b"\r\n")  # saved with the line ends of a system
    letter = read_letter(data, sender_kind=sender_kind)
    verdict = judge(policy, [check], Scanned(data)) + judge_read(letter, policy)
    findings = tuple(finding.as_json() for finding in verdict.findings)
    return Examined(name, _kind(letter), findings, tuple(_facts(letter)))


def _kind(letter: Letter) -> str:
    if letter.mdn is not None:
        return "mail, disposition notification"
    if letter.error_mail is not None:
        return "mail, standard error"
    return "mail with documents" if letter.archives else "mail"


def _facts(letter: Letter) -> Iterator[str]:
    for part in letter.mail.own():
        if part.leaf:
            yield f"{part.where()} {part.media.kind} {part.filename} {len(part.content)} bytes".replace("  ", " ")
    for document, cda in letter.read():
        yield f"{document.place} CDA {cda.code.code if cda.code else ''} {cda.unique_id}"
    if letter.mdn is not None:
        how = letter.mdn.mdn.disposition
        yield f"{letter.mdn.where} {how.type} {how.error or ''}".rstrip()
