"""Fixed identifiers of the XDS.b metadata: classification schemes, association types, statuses, slots.

Source: IHE ITI TF-3 section 4.2 for the UUIDs and URNs; the French statuses and the reference
identifier slot as met on the national interface (facts dmp.md 3.1, 3.4, 3.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

RIM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
LCM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"

# Object types and classification nodes
DOCUMENT_ENTRY: Final = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
SUBMISSION_SET: Final = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
FOLDER: Final = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"

# Classification schemes of a document entry
ENTRY_AUTHOR: Final = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
ENTRY_CLASS: Final = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
ENTRY_TYPE: Final = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
ENTRY_CONFIDENTIALITY: Final = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
ENTRY_EVENT: Final = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
ENTRY_FORMAT: Final = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
ENTRY_FACILITY: Final = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
ENTRY_PRACTICE: Final = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"

# External identifiers of a document entry
ENTRY_PATIENT_ID: Final = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
ENTRY_UNIQUE_ID: Final = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"

# Schemes of a submission set
SET_AUTHOR: Final = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
SET_CONTENT_TYPE: Final = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
SET_PATIENT_ID: Final = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
SET_SOURCE_ID: Final = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
SET_UNIQUE_ID: Final = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"

# Association types
HAS_MEMBER: Final = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
SIGNS: Final = "urn:ihe:iti:2007:AssociationType:signs"
REPLACES: Final = "urn:ihe:iti:2007:AssociationType:RPLC"
APPENDS: Final = "urn:ihe:iti:2007:AssociationType:APND"
TRANSFORMS: Final = "urn:ihe:iti:2007:AssociationType:XFRM"
TRANSFORMS_AND_REPLACES: Final = "urn:ihe:iti:2007:AssociationType:XFRM_RPLC"
UPDATES_STATUS: Final = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"

# Availability statuses; the last two are French
APPROVED: Final = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
DEPRECATED: Final = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"
ARCHIVED: Final = "urn:asip:ci-sis:2010:StatusType:Archived"
DELETED: Final = "urn:asip:ci-sis:2010:StatusType:Deleted"

# Slots with names of their own
REFERENCE_ID_LIST: Final = "urn:ihe:iti:xds:2013:referenceIdList"
ACTION: Final = "urn:action:extraMetadataSlot"
"""Slot of the secure-mail archives: absent = initial, ``C`` = replacement, ``D`` = deletion."""

# The signature entry of a lot (facts dmp-messages.md 5.3)
SIGNATURE_CLASS: Final = "urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1"
SIGNATURE_TYPE: Final = "E1762"
SIGNATURE_FORMAT: Final = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE_PURPOSE: Final = "1.2.840.10065.1.12.1.14"
SIGNATURE_PURPOSE_SYSTEM: Final = "1.2.840.10065.1.12"

ENTRY_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "classCode": ENTRY_CLASS,
        "typeCode": ENTRY_TYPE,
        "confidentialityCode": ENTRY_CONFIDENTIALITY,
        "formatCode": ENTRY_FORMAT,
        "healthcareFacilityTypeCode": ENTRY_FACILITY,
        "practiceSettingCode": ENTRY_PRACTICE,
        "eventCodeList": ENTRY_EVENT,
    }
)
"""Coded attribute of a document entry → its classification scheme, in submission order."""

ENTRY_SLOTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "creationTime": "creationTime",
        "languageCode": "languageCode",
        "legalAuthenticator": "legalAuthenticator",
        "serviceStartTime": "serviceStartTime",
        "serviceStopTime": "serviceStopTime",
        "sourcePatientId": "sourcePatientId",
        "sourcePatientInfo": "sourcePatientInfo",
        "hash": "hash",
        "size": "size",
        "URI": "URI",
        "repositoryUniqueId": "repositoryUniqueId",
        "documentAvailability": "documentAvailability",
        "referenceIdList": REFERENCE_ID_LIST,
    }
)
"""Slot attribute of a document entry → name of its Slot."""

ENTRY_IDENTIFIERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "patientId": ENTRY_PATIENT_ID,
        "uniqueId": ENTRY_UNIQUE_ID,
    }
)

SET_CODES: Final[Mapping[str, str]] = MappingProxyType({"contentTypeCode": SET_CONTENT_TYPE})
SET_SLOTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "submissionTime": "submissionTime",
        "intendedRecipient": "intendedRecipient",
    }
)
SET_IDENTIFIERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "patientId": SET_PATIENT_ID,
        "sourceId": SET_SOURCE_ID,
        "uniqueId": SET_UNIQUE_ID,
    }
)
