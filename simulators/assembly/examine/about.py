"""Which findings on a message we built concern the file inside it, and where in that file they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Finding = Mapping[str, Any]
DOCUMENT, SIGNATURE = "part[2]#", "/rim:ExtrinsicObject[2]"
TOKEN, ENVELOPE = "/saml2:Assertion", "/soap:Envelope/"
AROUND = "not in the file: in the message built around it / pas dans le fichier : dans le message construit autour"


def about_cda(findings: Iterable[Finding]) -> Iterator[Finding]:
    """On the document itself, and on the metadata drawn from it. The token and the entry of the signature are ours:
    they say the same once more, and count only when they refuse."""
    for finding in findings:
        where = finding["where"]
        if where.startswith(DOCUMENT):
            yield {**finding, "where": where.removeprefix(DOCUMENT)}
        elif finding["level"] == "refuse" or not (TOKEN in where or SIGNATURE in where):
            yield _around(finding)


def about_token(findings: Iterable[Finding]) -> Iterator[Finding]:
    """On the assertion, by a path that begins at it."""
    for finding in findings:
        before, found, after = finding["where"].partition(TOKEN)
        if found and before.startswith(ENVELOPE):
            yield {**finding, "where": f"{TOKEN}{after}"}
        elif finding["level"] == "refuse":
            yield _around(finding)


def _around(finding: Finding) -> Finding:
    return {**finding, "facts": {**finding.get("facts", {}), "place": AROUND}}
