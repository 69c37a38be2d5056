"""SOAP 1.2 (1.1 accepted), WS-Addressing headers, MTOM/XOP and Faults; no business rule and no socket.

``typed`` is not imported from here: it leads to spyne, which is loaded at the first request that needs it.
"""

from __future__ import annotations

from simulators.core.soap.dispatch import Dispatch
from simulators.core.soap.envelope import (
    ANONYMOUS,
    CONTENT_TYPE,
    SoapRequest,
    answer,
    read_envelope,
    readable_message_id,
)
from simulators.core.soap.fault import FAULT_ACTION, FAULT_STATUS, FINDING_NAMESPACE, fault_answer
from simulators.core.soap.media import MediaType, parse_media_type
from simulators.core.soap.message import SoapMessage, read_message
from simulators.core.soap.mtom import MtomLimits, Multipart, Part, read_multipart
from simulators.core.soap.multipart_writer import ROOT_ID, Attachment, write_multipart
from simulators.core.soap.refusals import FaultCode, MtomKind, MtomRefused, SoapRefused
from simulators.core.soap.xop import Binary, include, resolve_includes

__all__ = [
    "ANONYMOUS",
    "CONTENT_TYPE",
    "FAULT_ACTION",
    "FAULT_STATUS",
    "FINDING_NAMESPACE",
    "ROOT_ID",
    "Attachment",
    "Binary",
    "Dispatch",
    "FaultCode",
    "MediaType",
    "MtomKind",
    "MtomLimits",
    "MtomRefused",
    "Multipart",
    "Part",
    "SoapMessage",
    "SoapRefused",
    "SoapRequest",
    "answer",
    "fault_answer",
    "include",
    "parse_media_type",
    "read_envelope",
    "read_message",
    "read_multipart",
    "readable_message_id",
    "resolve_includes",
    "write_multipart",
]
