"""Where a message differs from another, above all from the last one of its kind that was accepted.

XML is compared as trees, each part of a multipart message on its own, headers, forms and queries by name, JSON by
leaf, any other text by lines.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain, islice
from typing import Any

from lxml import etree

from simulators.core import journal
from simulators.core.diff_fields import diff_fields, fields_of, values_of
from simulators.core.diff_trees import Found, diff_trees, excerpts, shortened
from simulators.core.store.api import Store
from simulators.core.xml import XmlLimits, XmlRefused, parse

MOST = 200  # differences given; beyond, two messages have nothing to tell each other
_MOST_LOOKED_AT = 2000
_LIMITS = XmlLimits(bytes=16 << 20, depth=100, elements=50_000, attributes=100_000)
_MOST_ALIGNED = 500
_MOST_PARTS = 100
_BOUNDARY = re.compile(rb"(?:\r?\n)?--([^\r\n]{1,70})\r?\n")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)")
_REQUEST_LINE = re.compile(r"[A-Z]{3,10} \S+(?: HTTP/\S+)?")
_UNBOUND = re.compile(r"boundary=(?:\"[^\"]*\"|[^;\s]*)", re.IGNORECASE)
_VOLATILE_HEADERS = frozenset({"content-id", "content-length", "date", "message-id"})


@dataclass(frozen=True)
class Difference:
    """One place. ``where`` is an XPath, ``header Name``, ``request line``, ``line N`` or ``body``, after ``part[N]`` in
    a multipart message; it is a place of the new message, or of the old one for what is gone. None means absent.
    ``volatile`` marks what no two messages share (identifiers, instants, signatures)."""

    where: str
    old: str | None
    new: str | None
    volatile: bool = False

    def as_json(self) -> dict[str, Any]:
        """The JSON shape of the control API and of the console."""
        return {"where": self.where, "old": self.old, "new": self.new, "volatile": self.volatile}


@dataclass(frozen=True)
class NearestGood:
    """The accepted exchange that one is compared with, and the differences from it."""

    number: int
    differences: tuple[Difference, ...]

    def as_json(self) -> dict[str, Any]:
        """``{"number": n, "differences": [...]}``."""
        return {"number": self.number, "differences": [d.as_json() for d in self.differences]}


def diff_messages(old: bytes, new: bytes) -> list[Difference]:
    """The differences from ``old`` to ``new``, the volatile ones last, at most :data:`MOST`. Never raises.

    XML too large (16 MiB, 50,000 elements) or hostile is compared as text, binary and huge text by their digest alone.
    """
    return _told(_bodies(old, new))


def diff_heads(old: str, new: str) -> list[Difference]:
    """The same for a request line and headers, one a line; the query of the request line field by field."""
    (old_line, old_query), (new_line, new_query) = _split_query(old), _split_query(new)
    if old_query is None or new_query is None:
        return _told(_headers(_lines(old), _lines(new)))
    lines = _headers([old_line, *_lines(old)[1:]], [new_line, *_lines(new)[1:]])
    return _told(chain(lines, diff_fields("query", old_query, new_query)))


def diff_requests(old: tuple[str, bytes], new: tuple[str, bytes]) -> tuple[Difference, ...]:
    """Both of the above for two requests (head, body), the volatile differences last."""
    found = [*diff_heads(old[0], new[0]), *diff_messages(old[1], new[1])]
    return tuple(sorted(found, key=lambda d: d.volatile))


def nearest_good(store: Store, world: str, exchange: journal.Exchange) -> NearestGood | None:
    """``exchange`` held against the last accepted one before it, of the same operation and structure.

    A message that could not be read has no operation: it is held against the last accepted one of its protocol, from
    the same structure or certificate when it has one. One that is several in one (``who.grant``) is held against the
    same. None when there is none. Raises ``WorldGone``.
    """
    unread = exchange.operation.endswith(".?")
    names = ("structure", "certificate") if unread else ("structure",)
    who = dict([(name, exchange.who[name]) for name in names if exchange.who.get(name)][:1])
    who |= {"grant": exchange.who["grant"]} if exchange.who.get("grant") else {}
    operation = None if unread else exchange.operation
    with store.read(world) as tx:
        row = journal.last_accepted(tx, operation, who, before=exchange.number, protocol=exchange.protocol)
        if row is None:
            return None
        number, head, old = row.number, row.request_head, journal.row_request(tx, row)
    new = journal.bodies(store, world, exchange.number)[0]
    return NearestGood(number, diff_requests((head, old), (exchange.request_head, new)))


def _split_query(head: str) -> tuple[str, Mapping[str, str] | None]:
    """The request line without its query, and the query's fields; None when it cannot be read as fields."""
    line = next(iter(_lines(head)), "")
    target, mark, query = line.partition("?")
    return target, (fields_of(query) if mark else {})


def _told(found: Iterator[Found]) -> list[Difference]:
    looked_at = [Difference(*one) for one in islice(found, _MOST_LOOKED_AT)]
    return sorted(looked_at, key=lambda d: d.volatile)[:MOST]


def _bodies(old: bytes, new: bytes) -> Iterator[Found]:
    if old == new:
        return
    before, after = _parts(old), _parts(new)
    if before is not None and after is not None:
        yield from _multipart(before, after)
    else:
        yield from _single(old, new)


def _single(old: bytes, new: bytes) -> Iterator[Found]:
    before, after = _tree(old), _tree(new)
    if before is not None and after is not None:
        yield from diff_trees(before, after)
    elif b"\0" in old or b"\0" in new or max(len(old), len(new)) > _LIMITS.bytes:
        if old != new:
            yield "body", _weighed(old), _weighed(new), False
    else:
        yield from _plain(_decoded(old), _decoded(new))


def _plain(old: str, new: str) -> Iterator[Found]:
    """Two forms by field, two JSON documents by leaf, anything else by line."""
    for kind, read in (("field", fields_of), ("json", values_of)):
        before, after = read(old), read(new)
        if before is not None and after is not None:
            yield from diff_fields(kind, before, after)
            return
    yield from _texts(_lines(old), _lines(new))


def _tree(data: bytes) -> etree._Element | None:
    try:
        return parse(data, limits=_LIMITS) if data.lstrip()[:1] in (b"<", b"\xef", b"\xfe", b"\xff") else None
    except XmlRefused:
        return None


def _weighed(data: bytes) -> str:
    return f"{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}"


# --- multipart (RFC 2046 §5.1), read with indulgence: a broken message is just what one wants to see


def _parts(data: bytes) -> Sequence[bytes] | None:
    opening = _BOUNDARY.match(data)
    if opening is None:
        return None
    pieces = data[opening.end() :].split(b"\n--" + opening[1], _MOST_PARTS)
    kept = [piece for piece in pieces if not piece.startswith(b"--")]
    return [re.sub(rb"\A\r?\n", b"", kept[0]), *(re.sub(rb"\A[^\n]*\n", b"", piece) for piece in kept[1:])]


def _multipart(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Found]:
    for i in range(max(len(old), len(new))):
        prefix = f"part[{i + 1}]"
        if i >= len(old):
            yield prefix, None, _weighed(new[i]), False
        elif i >= len(new):
            yield prefix, _weighed(old[i]), None, False
        else:
            for place, was, now, volatile in _part(old[i], new[i]):
                yield (prefix + place if place.startswith("/") else f"{prefix} {place}"), was, now, volatile


def _part(old: bytes, new: bytes) -> Iterator[Found]:
    (old_head, old_body), (new_head, new_body) = _split_part(old), _split_part(new)
    yield from _headers(_lines(_decoded(old_head)), _lines(_decoded(new_head)))
    yield from _single(old_body, new_body)


def _split_part(part: bytes) -> tuple[bytes, bytes]:
    end = re.search(rb"\r?\n\r?\n", part)
    head, body = (part[: end.start()], part[end.end() :]) if end else (part, b"")
    return head, body.removesuffix(b"\r")


# --- text


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)


def _texts(old: list[str], new: list[str]) -> Iterator[Found]:
    """Headers by name when both texts begin with some, then lines by number."""
    old_head, new_head = _head_length(old), _head_length(new)
    if not old_head or not new_head:
        old_head = new_head = 0
    yield from _headers(old[:old_head], new[:new_head])
    yield from _numbered(old[old_head:], new[new_head:], old_head + 1, new_head + 1)


def _head_length(lines: Sequence[str]) -> int:
    """How many lines of headers come before the empty line; 0 when ``lines`` do not begin so."""
    size = lines.index("") if "" in lines else 0
    rest = lines[1:size] if size and _REQUEST_LINE.fullmatch(lines[0]) else lines[:size]
    return size if rest and all(_HEADER.fullmatch(line) or line[0] in " \t" for line in rest) else 0


def _headers(old: Sequence[str], new: Sequence[str]) -> Iterator[Found]:
    before, after = _by_name(old), _by_name(new)
    for place in dict.fromkeys([*after, *before]):
        was, now = before.get(place), after.get(place)
        if was == now:
            continue
        shown, bare = (now or was or ("", ""))[0], place.partition("[")[0]
        old_value, new_value = was and was[1], now and now[1]
        if old_value is not None and new_value is not None:
            if old_value == new_value:
                continue
            old_value, new_value = excerpts(old_value, new_value)
        same = was is not None and now is not None and _UNBOUND.sub("", was[1]) == _UNBOUND.sub("", now[1])
        yield shown, old_value, new_value, same or (bool(was and now) and bare in _VOLATILE_HEADERS)


def _by_name(lines: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Lower-case name (``[n]`` from the second of a name) to the place as shown and the value."""
    found: dict[str, tuple[str, str]] = {}
    seen: Counter[str] = Counter()
    for line in lines:
        match = _HEADER.fullmatch(line)
        name, value = (match[1], match[2].strip()) if match else ("", line.strip())
        if not match and not value:
            continue
        seen[name.lower()] += 1
        rank = f"[{seen[name.lower()]}]" if seen[name.lower()] > 1 else ""
        found[name.lower() + rank] = (f"header {name}{rank}" if match else f"request line{rank}", value)
    return found


def _numbered(old: list[str], new: list[str], old_first: int, new_first: int) -> Iterator[Found]:
    for a, b, c, d in _changed(old, new):
        for i in range(max(b - a, d - c)):
            was = old[a + i] if a + i < b else None
            now = new[c + i] if c + i < d else None
            line = new_first + c + i if now is not None else old_first + a + i
            if was is not None and now is not None:
                was, now = excerpts(was, now)
            yield f"line {line}", was and shortened(was), now and shortened(now), False


def _changed(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Ranges of lines ``old[a:b]`` that became ``new[c:d]``."""
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    most = min(len(old), len(new)) - start
    tail = zip(reversed(old), reversed(new), strict=False)
    end = min(most, next((i for i, (a, b) in enumerate(tail) if a != b), most))
    middle, other = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(middle), len(other)) > _MOST_ALIGNED:
        yield from ((start + i, start + i + 1, start + i, start + i + 1) for i in _unequal(middle, other))
        yield start + min(len(middle), len(other)), len(old) - end, start + min(len(middle), len(other)), len(new) - end
        return
    for kind, a, b, c, d in SequenceMatcher(None, middle, other, autojunk=False).get_opcodes():
        if kind != "equal":
            yield start + a, start + b, start + c, start + d


def _unequal(old: Sequence[str], new: Sequence[str]) -> Iterator[int]:
    return (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
