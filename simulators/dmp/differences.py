"""What distinguishes a refused VIHF from the last one of its structure that was accepted."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from simulators.core import journal
from simulators.core.diff import diff_messages
from simulators.core.exchange import Call
from simulators.core.soap import MtomRefused, SoapRefused, SoapRequest, read_message
from simulators.core.xml import XmlRefused, parse, serialize
from simulators.dmp.vihf import Vihf

MOST: Final = 10


def vihf_differences(call: Call, request: SoapRequest, declared: Vihf | None) -> dict[str, Any] | None:
    """``{"number": n, "differences": [{where, old, new}]}`` against the last accepted exchange of that structure, of
    the same operation if there is one; None when there is nothing to compare with, or no difference."""
    if declared is None or not declared.structure:
        return None
    who = {"structure": declared.structure}
    row = journal.last_accepted(call.tx, call.operation, who, protocol=call.arrival.protocol)
    row = row or journal.last_accepted(call.tx, None, who, protocol=call.arrival.protocol)
    if row is None:
        return None
    old = _token(_content_type(row.request_head), journal.row_request(call.tx, row))
    new = _alone(request)
    if old is None or new is None:
        return None
    told = [{"where": one.where, "old": one.old, "new": one.new} for one in diff_messages(old, new) if not one.volatile]
    return {"number": row.number, "differences": told[:MOST]} if told else None


def _token(content_type: str, body: bytes) -> bytes | None:
    try:
        return _alone(read_message(content_type, body).request)
    except (MtomRefused, SoapRefused, XmlRefused):
        return None


def _alone(request: SoapRequest) -> bytes | None:
    """The envelope with the Security header only, so that places keep their path in the message."""
    if request.security is None:
        return None
    envelope = parse(serialize(request.root))
    for header in envelope.iterchildren():
        for child in list(header):
            if etree.QName(child).localname != "Security":
                header.remove(child)
    return serialize(envelope)


def _content_type(head: str) -> str:
    for line in head.split("\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return value.strip()
    return ""
