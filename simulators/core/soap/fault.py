"""The SOAP 1.2 Fault: the national sentence in its place, our explanation in Detail.

Sources: SOAP 1.2 part 1 §5.4; facts dmp-messages §11 (the code of the field is a QName in the SOAP namespace; both
prefixes are bound; HTTP 500 for every Fault).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from simulators.core.rules import Finding
from simulators.core.soap.envelope import answer
from simulators.core.soap.refusals import FaultCode
from simulators.core.xml import NAMESPACES, attribute_text, escape

FAULT_ACTION = "http://www.w3.org/2005/08/addressing/soap/fault"
FAULT_STATUS = 500
FINDING_NAMESPACE = "urn:segur-sandbox:1"

_SUBCODE = re.compile(r"(?:(soap|wsse):)?([A-Za-z_][\w.-]{0,99})", re.ASCII)


def fault_answer(
    reason: str,
    *,
    message_id: str,
    relates_to: str | None,
    code: FaultCode = "Sender",
    subcode: str = "",
    findings: Sequence[Finding] = (),
    href: str = "",
) -> bytes:
    """A whole envelope; HTTP status :data:`FAULT_STATUS`. ``reason`` is the national text alone, in French.

    ``subcode``: ``soap:X``, ``wsse:X`` or ``X`` (then in the SOAP namespace); ``ValueError`` for anything else.
    ``href`` leads to the full verdict.
    """
    body = _fault(reason, code, subcode, findings, href)
    bindings = {"wsse": NAMESPACES["wsse"]}
    return answer(body, action=FAULT_ACTION, message_id=message_id, relates_to=relates_to, bindings=bindings)


def _fault(reason: str, code: FaultCode, subcode: str, findings: Sequence[Finding], href: str) -> bytes:
    detail = "".join(_detail(finding, href) for finding in findings)
    return (
        f"<soap:Fault><soap:Code><soap:Value>soap:{code}</soap:Value>{_subcode(subcode)}</soap:Code>"
        f'<soap:Reason><soap:Text xml:lang="fr">{escape(reason)}</soap:Text></soap:Reason>'
        f"{f'<soap:Detail>{detail}</soap:Detail>' if detail else ''}</soap:Fault>"
    ).encode()


def _subcode(subcode: str) -> str:
    if not subcode:
        return ""
    match = _SUBCODE.fullmatch(subcode)
    if match is None:
        raise ValueError(f"not a subcode: {subcode!r}")
    qname = f"{match[1] or 'soap'}:{match[2]}"
    return f"<soap:Subcode><soap:Value>{qname}</soap:Value></soap:Subcode>"


def _detail(finding: Finding, href: str) -> str:
    facts = {"rule": finding.rule.id, "where": finding.where, "found": finding.found, "expected": finding.expected}
    mend = {"fr": finding.rule.mend.fr, "en": finding.rule.mend.en}
    return (
        f'<Finding xmlns="{attribute_text(FINDING_NAMESPACE)}">'
        + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in facts.items())
        + "".join(f'<mend xml:lang="{language}">{escape(value)}</mend>' for language, value in mend.items())
        + (f"<href>{escape(href)}</href>" if href else "")
        + "</Finding>"
    )
