"""HL7 v2 without any content of health: messages read and written, located, acknowledged, over MLLP sessions."""

from simulators.core.hl7.ack import AckCode, Err, acknowledge, code_of, errors_of
from simulators.core.hl7.answers import Acknowledged, acknowledged
from simulators.core.hl7.edit import edit
from simulators.core.hl7.flow import ACK_WARNINGS, Hl7Flow, Perform, Reply, claim_facility
from simulators.core.hl7.message import Delimiters, Message, Segment
from simulators.core.hl7.places import Place, erl
from simulators.core.hl7.reading import Unreadable, read_message
from simulators.core.hl7.rules import RULES, hl7_rule
from simulators.core.hl7.session import MllpSession
from simulators.core.hl7.tables import CHARSETS, TABLE_0357
from simulators.core.hl7.writing import Field, Head, Raw, Reps, compose, escaped, seg, stamp

__all__ = [
    "ACK_WARNINGS",
    "CHARSETS",
    "RULES",
    "TABLE_0357",
    "AckCode",
    "Acknowledged",
    "Delimiters",
    "Err",
    "Field",
    "Head",
    "Hl7Flow",
    "Message",
    "MllpSession",
    "Perform",
    "Place",
    "Raw",
    "Reply",
    "Reps",
    "Segment",
    "Unreadable",
    "acknowledge",
    "acknowledged",
    "claim_facility",
    "code_of",
    "compose",
    "edit",
    "erl",
    "errors_of",
    "escaped",
    "hl7_rule",
    "read_message",
    "seg",
    "stamp",
]
