"""Where two XML trees differ.

Children are paired by a telling attribute (SAML attributes and XDS slots by name), else by equal content, else by
order, so that one inserted element is one difference and not a shift of all that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from lxml import etree

from simulators.core.xml import where

Found = tuple[str, str | None, str | None, bool]  # where, old, new, volatile
Pairs = list[tuple["Node | None", "Node | None"]]

# What two good messages of one product never share: names of elements and of attributes, values of Name and name.
VOLATILE = frozenset(
    {"MessageID", "RelatesTo", "ID", "Id", "IssueInstant", "AuthnInstant", "NotBefore", "NotOnOrAfter"}
    | {"SignatureValue", "DigestValue", "creationTime", "submissionTime", "Created", "Expires", "Nonce"}
)
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DRAWN = (
    re.compile(rf"(?:#|_|urn:uuid:)?{_UUID}"),
    re.compile(r"(?:#|urn:oid:)?[0-2](?:\.[0-9]{1,40})*\.[0-9]{15,40}"),
    re.compile(r"[0-9]{14}(?:\.[0-9]{1,9})?(?:[+-][0-9]{4})?"),  # HL7 TS to the second
    re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"),
)
_TELLING = ("Name", "name", "identificationScheme", "classificationScheme")
_REFERENCE = "{http://www.w3.org/2000/09/xmldsig#}Reference"
_MOST_ALIGNED = 400  # above, brothers of one name are paired by order: aligning them would be quadratic
_LONGEST_SHOWN = 160


@dataclass(frozen=True, eq=False)
class Node:
    """One element: its own text (comments left out), its children, and a print equal for equal content."""

    element: etree._Element
    text: str
    children: tuple[Node, ...]
    print: int

    @property
    def tag(self) -> str:
        return str(self.element.tag)

    @property
    def local(self) -> str:
        return etree.QName(self.tag).localname

    @property
    def volatile(self) -> bool:
        """Whether the element, or the name it bears, changes from one message to the next."""
        return not VOLATILE.isdisjoint((self.local, self.element.get("Name"), self.element.get("name")))

    def shown(self) -> str:
        """The element in short, for one who reads a difference."""
        attributes = "".join(f' {etree.QName(k).localname}="{v!s}"' for k, v in self.element.attrib.items())
        return shortened(f"<{self.local}{attributes}>{self.text}")


def diff_trees(old: etree._Element, new: etree._Element) -> Iterator[Found]:
    """The differences from ``old`` to ``new``, in the order of ``new``; places are XPaths (of ``old`` for what is
    gone).

    Prefixes, comments, the order of attributes and the white space between elements do not count.
    """
    before, after = _instructions(old), _instructions(new)
    if before != after:
        yield "/processing-instruction()", before, after, False
    yield from _nodes(_node(old), _node(new), False)


def shortened(text: str) -> str:
    """``text`` cut to what fits on a line or two."""
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def excerpts(old: str, new: str) -> tuple[str, str]:
    """Both texts, cut around their first difference when they are long."""
    if max(len(old), len(new)) <= _LONGEST_SHOWN:
        return old, new
    first = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(0, first - 40)
    lead = "…" if start else ""
    return lead + shortened(old[start:]), lead + shortened(new[start:])


def drawn(old: str, new: str) -> bool:
    """Whether both are of a shape that is drawn anew for each message: a UUID, an instant, an OID of fresh digits."""
    return any(shape.fullmatch(old.strip()) and shape.fullmatch(new.strip()) for shape in _DRAWN)


def _node(element: etree._Element) -> Node:
    elements = [child for child in element if isinstance(child.tag, str)]
    children = tuple(map(_node, elements))
    pieces = [element.text or "", *(child.tail or "" for child in element)]
    text = " ".join(p.strip() for p in pieces if p.strip()) if children else "".join(pieces)
    attributes = tuple(sorted((str(k), str(v)) for k, v in element.attrib.items()))
    return Node(element, text, children, hash((element.tag, attributes, text, tuple(c.print for c in children))))


def _instructions(root: etree._Element) -> str | None:
    before = [n for n in root.itersiblings(preceding=True) if isinstance(n, etree._ProcessingInstruction)]
    return " ".join(f"<?{node.target!s} {node.text!s}?>" for node in reversed(before)) or None


def _nodes(old: Node, new: Node, inside: bool) -> Iterator[Found]:
    """``inside``: within an element whose whole content is volatile."""
    volatile = inside or new.volatile
    if old.tag != new.tag:
        yield where(new.element), old.shown(), new.shown(), False
        return
    yield from _attributes(old, new, volatile)
    if old.text != new.text:
        was, now = excerpts(old.text, new.text)
        lasting = not (volatile and old.text.strip() and new.text.strip()) and not drawn(old.text, new.text)
        yield where(new.element), was, now, not lasting
    yield from _children(old, new, volatile)


def _attributes(old: Node, new: Node, inside: bool) -> Iterator[Found]:
    for name in dict.fromkeys([*new.element.attrib, *old.element.attrib]):
        was, now = old.element.get(name), new.element.get(name)
        if was == now:
            continue
        volatile = bool(was and now) and (inside or _volatile_attribute(new, str(name), now or ""))
        volatile = volatile or drawn(was or "", now or "")
        if was is not None and now is not None:
            was, now = excerpts(was, now)
        yield where(new.element, str(name)), was, now, volatile


def _volatile_attribute(node: Node, name: str, value: str) -> bool:
    # A signature's reference names the ID that was drawn for this message.
    reference = node.tag == _REFERENCE and name == "URI" and value.startswith("#")
    return reference or etree.QName(name).localname in VOLATILE


def _children(old: Node, new: Node, volatile: bool) -> Iterator[Found]:
    pairs: Pairs = []
    for tag in dict.fromkeys(child.tag for child in (*new.children, *old.children)):
        pairs += _paired([c for c in old.children if c.tag == tag], [c for c in new.children if c.tag == tag])
    for was, now in pairs:
        if was is not None and now is not None:
            yield from _nodes(was, now, volatile)
        elif now is not None:
            yield where(now.element), None, now.shown(), False
        elif was is not None:
            yield where(was.element), was.shown(), None, False
    yield from _order(old, new, pairs)


def _order(old: Node, new: Node, pairs: Pairs) -> Iterator[Found]:
    """Schemas fix the order of children of different names; two messages may differ by it alone."""
    kept = {node for pair in pairs if None not in pair for node in pair}
    was = [child.local for child in old.children if child in kept]
    now = [child.local for child in new.children if child in kept]
    if was != now:
        yield where(new.element), *excerpts(", ".join(was), ", ".join(now)), False


def _paired(old: Sequence[Node], new: Sequence[Node]) -> Pairs:
    if len(old) <= 1 and len(new) <= 1:
        return _by_order(old, new)
    for name in _TELLING:
        before, after = _named(old, name), _named(new, name)
        if before is not None and after is not None:
            return [(before.get(key), after.get(key)) for key in dict.fromkeys([*after, *before])]
    in_order = _by_order(old, new)
    if max(len(old), len(new)) > _MOST_ALIGNED:
        return in_order
    aligned: Pairs = []
    matcher = SequenceMatcher(None, [n.print for n in old], [n.print for n in new], autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        aligned += _by_order(old[a:b], new[c:d])
    return min(in_order, aligned, key=_unequal)


def _unequal(pairs: Pairs) -> int:
    return sum(was is None or now is None or was.print != now.print for was, now in pairs)


def _by_order(old: Sequence[Node], new: Sequence[Node]) -> Pairs:
    size = max(len(old), len(new))
    return [(old[i] if i < len(old) else None, new[i] if i < len(new) else None) for i in range(size)]


def _named(nodes: Sequence[Node], name: str) -> dict[str, Node] | None:
    """The nodes by that attribute, None unless each has it and no two share it."""
    found = {value: node for node in nodes if (value := node.element.get(name)) is not None}
    return found if len(found) == len(nodes) else None
