"""BODY and BODYSTRUCTURE of a message.

Source: RFC 3501 §7.4.2. A multipart without parts is told as one empty text, what lies beyond the bounds
of :mod:`.structure` as ``application/octet-stream``, as Dovecot does.
"""

from __future__ import annotations

from simulators.mssante.mime.content import Params
from simulators.mssante.mime.envelope import envelope
from simulators.mssante.mime.strings import nstring, quoted_or_literal
from simulators.mssante.mime.structure import Part

_EMPTY = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0%b)'
_NO_EXTENSION, _EXTENSION = b"", b" NIL NIL NIL NIL"


def bodystructure(data: bytes, part: Part, *, extended: bool) -> bytes:
    """``BODYSTRUCTURE``, or ``BODY`` when not ``extended``."""
    if part.multipart:
        return b"(%b)" % _multipart(data, part, extended)
    return b"(%b)" % _single(data, part, extended)


def _multipart(data: bytes, part: Part, extended: bool) -> bytes:
    children = b"".join(bodystructure(data, child, extended=extended) for child in part.children)
    shown = children or _EMPTY % (_EXTENSION if extended else _NO_EXTENSION)
    head = b"%b %b" % (shown, quoted_or_literal(part.content.subtype))
    if not extended:
        return head
    return b"%b %b%b" % (head, _params(part.content.params), _common(part))


def _single(data: bytes, part: Part, extended: bool) -> bytes:
    content = part.content
    text = not part.message and (content.type is None or content.is_type(b"text"))
    encoding = quoted_or_literal(content.encoding or b"7bit")
    head = [_type(part), _params(content.params, charset=text), nstring(content.id), nstring(content.description)]
    head += [encoding, b"%d" % part.body.size]
    if text:
        head.append(b"%d" % part.lines)
    elif part.message:
        inside = part.children[0]
        head += [envelope(data, inside.fields), bodystructure(data, inside, extended=extended), b"%d" % part.lines]
    if not extended:
        return b" ".join(head)
    return b"%b %b%b" % (b" ".join(head), nstring(content.md5), _common(part))


def _type(part: Part) -> bytes:
    content = part.content
    if part.message and content.type is None:
        return b'"message" "rfc822"'
    if content.type is None:
        return b'"text" "plain"'
    unread = content.is_type(b"multipart") or (content.is_type(b"message", b"rfc822") and not part.message)
    if unread:
        return b'"application" "octet-stream"'
    return b"%b %b" % (quoted_or_literal(content.type), quoted_or_literal(content.subtype))


def _common(part: Part) -> bytes:
    content = part.content
    disposition = b"NIL"
    if content.disposition is not None:
        shown = _params(content.disposition_params)
        disposition = b"(%b %b)" % (quoted_or_literal(content.disposition), shown)
    languages = b" ".join(quoted_or_literal(word) for word in content.language)
    return b" %b %b %b" % (disposition, b"(%b)" % languages if languages else b"NIL", nstring(content.location))


def _params(params: Params, *, charset: bool = False) -> bytes:
    shown = [b"%b %b" % (quoted_or_literal(key), quoted_or_literal(value)) for key, value in params]
    if charset and not any(key.lower() == b"charset" for key, _ in params):
        shown.append(b'"charset" "us-ascii"')
    return b"(%b)" % b" ".join(shown) if shown else b"NIL"
