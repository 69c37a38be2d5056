"""ENVELOPE of a message.

Source: RFC 3501 §7.4.2: texts as they stand in the header, encoded words and all; Sender and Reply-To fall back to
From. Of repeated fields the last text counts; lists are joined.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulators.mssante.mime.addresses import Mailbox, addresses
from simulators.mssante.mime.fields import Field
from simulators.mssante.mime.strings import for_people, nstring

_LISTS = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")
_TEXTS = (b"date", b"subject", b"in-reply-to", b"message-id")


def envelope(data: bytes, found: Iterable[Field]) -> bytes:
    """``(date subject from sender reply-to to cc bcc in-reply-to message-id)`` of the header with these fields."""
    texts: dict[bytes, bytes] = {}
    lists: dict[bytes, list[Mailbox]] = {}
    for field in found:
        if field.name in _TEXTS:
            texts[field.name] = field.body(data)
        elif field.name in _LISTS:
            lists.setdefault(field.name, []).extend(addresses(field.body(data)))
    date, subject, reply, identifier = (texts.get(name) for name in _TEXTS)
    for name in (b"sender", b"reply-to"):
        lists[name] = lists.get(name) or lists.get(b"from", [])
    written = [_list(lists.get(name, [])) for name in _LISTS]
    return b"(%b)" % b" ".join([nstring(date), for_people(subject), *written, nstring(reply), nstring(identifier)])


def _list(entries: list[Mailbox]) -> bytes:
    return b"(%b)" % b"".join(_entry(entry) for entry in entries) if entries else b"NIL"


def _entry(entry: Mailbox) -> bytes:
    rest = (nstring(entry.route), nstring(entry.mailbox), nstring(entry.domain))
    return b"(%b)" % b" ".join([for_people(entry.name), *rest])
