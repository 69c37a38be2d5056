"""Names this product writes on the wire: namespaces, actions, ebRIM schemes, query identifiers.

Typed in from the public facts about the DMP interface and from IHE ITI TF-3; shared with nobody, so that a slip of
the sandbox and a slip of this product cannot be the same one.
"""

from __future__ import annotations

from typing import Final, cast

from lxml import etree

SOAP12: Final = "http://www.w3.org/2003/05/soap-envelope"
WSA: Final = "http://www.w3.org/2005/08/addressing"
WSA_ANONYMOUS: Final = WSA + "/anonymous"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XAD: Final = "http://uri.etsi.org/01903/v1.1.1#"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XS: Final = "http://www.w3.org/2001/XMLSchema"
XOP: Final = "http://www.w3.org/2004/08/xop/include"
HL7: Final = "urn:hl7-org:v3"
HAB: Final = "urn:si-dmp-habilitations"
XDS: Final = "urn:ihe:iti:xds-b:2007"
LCM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
RS: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
RIM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
QUERY: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"

ACTION_TD02: Final = "urn:hl7-org:v3:PRPA_IN201307UV02"
ACTION_TD03: Final = "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization"
ACTION_TD21: Final = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
ACTION_TD31: Final = "urn:ihe:iti:2007:RegistryStoredQuery"
ACTION_TD32: Final = "urn:ihe:iti:2007:RetrieveDocumentSet"
ACTION_TD33: Final = "urn:ihe:iti:2010:UpdateDocumentSet"

SUCCESS: Final = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
APPROVED: Final = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
ARCHIVED: Final = "urn:asip:ci-sis:2010:StatusType:Archived"
DELETED: Final = "urn:asip:ci-sis:2010:StatusType:Deleted"
UPDATE_STATUS: Final = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
HAS_MEMBER: Final = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
SIGNS: Final = "urn:ihe:iti:2007:AssociationType:signs"

FIND_DOCUMENTS: Final = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
GET_DOCUMENTS: Final = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"

DOCUMENT_ENTRY: Final = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
DE_AUTHOR: Final = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
DE_CLASS: Final = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
DE_TYPE: Final = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
DE_CONFIDENTIALITY: Final = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
DE_EVENT: Final = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
DE_FORMAT: Final = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
DE_FACILITY: Final = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
DE_PRACTICE: Final = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
DE_PATIENT_ID: Final = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
DE_UNIQUE_ID: Final = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
SS_NODE: Final = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
SS_AUTHOR: Final = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
SS_CONTENT_TYPE: Final = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
SS_PATIENT_ID: Final = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
SS_SOURCE_ID: Final = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
SS_UNIQUE_ID: Final = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"

OID_INS_TEST: Final = "1.2.250.1.213.1.4.10"
OID_PROFESSIONAL: Final = "1.2.250.1.71.4.2.1"
OID_STRUCTURE: Final = "1.2.250.1.71.4.2.2"
OID_DMP: Final = "1.2.250.1.213.4.1.1.1"


def default(uri: str, **prefixes: str) -> dict[str, str]:
    """nsmap with ``uri`` as default namespace; the type stubs of lxml do not know that prefix."""
    return cast("dict[str, str]", {None: uri, **prefixes})


def parse(data: bytes) -> etree._Element:
    """Root of ``data``, read without entities, DTD or network: an answer is foreign matter for a product too."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(data, parser)


def local(value: str | None) -> str:
    """Local part of a prefixed name (``soap:DMPInvalidCertificate`` -> ``DMPInvalidCertificate``)."""
    return (value or "").strip().rpartition(":")[2]
