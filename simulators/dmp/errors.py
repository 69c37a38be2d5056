"""How a refusal of the DMP looks on the wire.

::

    Refused (a verdict)
    ├── fault     SOAP 1.2 Fault, HTTP 500                     VIHF, certificate, rights, SOAP, our own failures
    │   ├── Sender            what the caller can mend          subcode = the rule's code
    │   ├── MustUnderstand    DMP-SOAP-MUST-UNDERSTAND
    │   ├── VersionMismatch   DMP-SOAP-VERSION
    │   └── Receiver          SIM-BUG, SIM-FAULT, SIM-WORLD     never the caller's fault
    ├── registry  RegistryResponse, AdhocQueryResponse or RetrieveDocumentSetResponse, status Failure, HTTP 200
    ├── ack       TD0.2: acknowledgement AE, HTTP 200
    └── status    TD0.3: output/status, HTTP 200

A form that the operation does not have falls back to a Fault. TD3.2 answers multipart, Faults included.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lxml import etree

from simulators.core.own_rules import OWN_RULES
from simulators.core.rules import Finding, Level, Rule
from simulators.core.soap import FaultCode
from simulators.core.xml import NAMESPACES
from simulators.dmp.operations import TD2_1, TD3_1, TD3_1B, TD3_2, UPDATES, Operation

SUCCESS: Final = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE: Final = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
PARTIAL: Final = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
ERROR: Final = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"
WARNING: Final = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"
ANSWERS: Final = {
    TD2_1.name: "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse",
    TD3_1.name: "urn:ihe:iti:2007:RegistryStoredQueryResponse",
    TD3_1B.name: "urn:ihe:iti:2007:RegistryStoredQueryResponse",
    TD3_2.name: "urn:ihe:iti:2007:RetrieveDocumentSetResponse",
    **dict.fromkeys((operation.name for operation in UPDATES), "urn:ihe:iti:2010:UpdateDocumentSet-Response"),
}
"""``wsa:Action`` of the registry answers, by operation."""

UNKNOWN_DOCUMENT: Final = "XDSDocumentUniqueIdError"
_RS, _QUERY, _RIM, _XDS = (NAMESPACES[prefix] for prefix in ("rs", "query", "rim", "xds"))
_FORMS: Final = {"TD0.2": "ack", "TD0.3": "status", **dict.fromkeys(ANSWERS, "registry")}
_CODES: Final[dict[str, FaultCode]] = {
    "DMP-SOAP-MUST-UNDERSTAND": "MustUnderstand",
    "DMP-SOAP-VERSION": "VersionMismatch",
    **dict.fromkeys((rule.id for rule in OWN_RULES), "Receiver"),
}


def form_of(rule: Rule, operation: Operation | None) -> str:
    """The form of the refusal: the rule's, where the operation has it."""
    return rule.form if operation is not None and _FORMS.get(operation.name) == rule.form else "fault"


def fault_code(rule: Rule) -> FaultCode:
    """SOAP 1.2 Code/Value of a Fault by that rule."""
    return _CODES.get(rule.id, "Sender")


def sentence_of(finding: Finding) -> str:
    """What goes into codeContext, an acknowledgement's text or a status context: short text, then the rule.

    The context of an unknown document is known from the field: ``uniqueId=...``.
    """
    said = f"uniqueId={finding.found}" if finding.rule.code == UNKNOWN_DOCUMENT else finding.rule.short()
    return xml_safe(f"{said} | {finding.rule.id}")


def xml_safe(value: str) -> str:
    """``value`` without the characters XML has no form for: a quoted hostile value may hold some."""
    return "".join(c if c >= " " and c not in "\ufffe\uffff" else "\ufffd" for c in value)


def registry_error_list(findings: Sequence[Finding]) -> etree._Element:
    """``rs:RegistryErrorList`` of refusing findings (severity Error) and warnings (Warning)."""
    listed = etree.Element(f"{{{_RS}}}RegistryErrorList", nsmap={"ns2": _RS})
    worst = ERROR if any(finding.level is Level.REFUSE for finding in findings) else WARNING
    listed.set("highestSeverity", worst)
    for finding in findings:
        error = etree.SubElement(listed, f"{{{_RS}}}RegistryError")
        error.set("codeContext", sentence_of(finding))
        error.set("errorCode", finding.rule.code or "XDSRegistryError")
        error.set("severity", ERROR if finding.level is Level.REFUSE else WARNING)
        error.set("location", xml_safe(finding.where))
    return listed


def registry_failure(operation: Operation, findings: Sequence[Finding]) -> etree._Element:
    """The body of a refusal by a registry operation: status Failure, the error list and, in a search, an empty list."""
    errors = registry_error_list(findings)
    if operation is TD3_2:
        body = etree.Element(f"{{{_XDS}}}RetrieveDocumentSetResponse", nsmap={"ns2": _RS, "ns4": _XDS})
        response = etree.SubElement(body, f"{{{_RS}}}RegistryResponse", {"status": FAILURE})
        response.append(errors)
        return body
    if operation in (TD2_1, *UPDATES):
        body = etree.Element(f"{{{_RS}}}RegistryResponse", {"status": FAILURE}, nsmap={"ns2": _RS})
        body.append(errors)
        return body
    # The prefixes of the field: clients cut strings at them (facts dmp §1.11).
    attributes = {"startIndex": "0", "status": FAILURE, "totalResultCount": "0"}
    prefixes = {"ns2": _RS, "ns3": _QUERY, "ns4": _RIM}
    body = etree.Element(f"{{{_QUERY}}}AdhocQueryResponse", attributes, nsmap=prefixes)
    body.append(errors)
    etree.SubElement(body, f"{{{_RIM}}}RegistryObjectList")
    return body
