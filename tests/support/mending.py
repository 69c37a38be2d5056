"""Mending tests: break a good message at one place; the finding must point at that very place, and mending there must
make it go.

The harness mends by what the finding says and nothing else: it takes the node at ``where`` in the broken message and
gives it what the good message has there (a value, an attribute, a name, a missing or a superfluous element). If the
finding points anywhere else, the mended message differs from the good one and the test fails.
"""

from __future__ import annotations

import copy
import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from simulators.core.rules import Policy, Rule
from simulators.core.xml import Attribute, clark, locate

Breaker = Callable[[etree._Element], None]


@dataclass(frozen=True)
class Told:
    """What one exchange gave: findings in the JSON shape of the journal, the answer's bytes, accepted or not."""

    findings: tuple[Mapping[str, Any], ...]
    answer: bytes
    refused: bool

    def of(self, rule: Rule) -> list[Mapping[str, Any]]:
        return [finding for finding in self.findings if finding["rule"] == rule.id]


Exchange = Callable[[bytes], Told]


@dataclass(frozen=True)
class Case:
    """One mending test. ``good`` is an envelope; ``breaker`` edits its tree in place.

    ``policy`` is that of the world (for rules that are off or warn by default). ``sealed``: the good message is signed
    before it is broken and goes out as it is, else the assertion is signed after the edit. ``fresh`` gives each
    exchange a world of its own (operations that change something); ``options`` go to the exchange (certificates, ...).
    """

    rule: Rule
    good: Callable[[], bytes]
    breaker: Breaker
    policy: Policy = field(default_factory=Policy)
    sealed: bool = False
    fresh: bool = False
    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.rule.id}{f'-{self.name}' if self.name else ''}"


def assert_mends(good: bytes, breaker: Breaker, rule: Rule, exchange_fn: Exchange) -> Told:
    """Broken: one finding of ``rule``, at the broken node, equal to ``rule.example``. Mended, so good again: none.

    Returns what the broken message gave.
    """
    whole, broken = etree.fromstring(good), etree.fromstring(good)
    breaker(broken)
    assert not _same(broken, whole), f"{rule.id}: the breaker changes nothing"
    told = exchange_fn(etree.tostring(broken))
    found = told.of(rule)
    assert len(found) == 1, f"{rule.id}: {len(found)} findings; got {[(f['rule'], f['where']) for f in told.findings]}"
    _mend(whole, broken, str(found[0]["where"]))
    assert _same(broken, whole), f"{rule.id}: mending at {found[0]['where']} does not give the good message"
    assert not exchange_fn(etree.tostring(broken)).of(rule), f"{rule.id}: mended, the finding stays"
    assert_example(rule, found[0])
    return told


def assert_example(rule: Rule, finding: Mapping[str, Any]) -> None:
    """A forced refusal quotes the rule's example: it must be what the broken message gives."""
    assert rule.example is not None, f"{rule.id} has no example"
    given = (finding["where"], finding["found"], finding["expected"])
    assert given == (rule.example.where, rule.example.found, rule.example.expected), rule.id


def normalised(answer: bytes) -> bytes:
    """An answer without what two refusals never share: identifiers, links, the comparison with an earlier message."""
    answer = re.sub(rb"<Differences .*?</Differences>", b"", answer, flags=re.DOTALL)
    answer = re.sub(rb"<href>[^<]*</href>", b"<href/>", answer)
    return re.sub(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"UUID", answer)


def collected(folder: Path, package: str) -> Iterator[Case]:
    """Every case of the modules ``mending_*.py`` of a test folder (each holds a list ``CASES``)."""
    for path in sorted(folder.glob("mending_*.py")):
        yield from importlib.import_module(f"{package}.{path.stem}").CASES


# --- breakers


def change(path: str, value: str) -> Breaker:
    """Gives the element or attribute at ``path`` another text."""

    def breaker(root: etree._Element) -> None:
        node = _one(root, path)
        if isinstance(node, Attribute):
            node.set(value)
        else:
            node.text = value

    return breaker


def remove(path: str) -> Breaker:
    """Removes the element or attribute at ``path``."""

    def breaker(root: etree._Element) -> None:
        node = _one(root, path)
        if isinstance(node, Attribute):
            node.delete()
        else:
            _drop(node)

    return breaker


def rename(path: str, name: str) -> Breaker:
    """Gives the element at ``path`` another name (``prefix:local``)."""

    def breaker(root: etree._Element) -> None:
        node = _one(root, path)
        assert isinstance(node, etree._Element)
        node.tag = clark(name)

    return breaker


def insert(path: str, index: int, xml: str) -> Breaker:
    """Puts the element ``xml`` as child number ``index`` of the one at ``path`` (-1: last)."""

    def breaker(root: etree._Element) -> None:
        node = _one(root, path)
        assert isinstance(node, etree._Element)
        node.insert(len(node) if index < 0 else index, etree.fromstring(xml))

    return breaker


def _one(root: etree._Element, path: str) -> etree._Element | Attribute:
    node = locate(root, path)
    assert node is not None, f"the good message has nothing at {path}"
    return node


# --- mending


def _mend(whole: etree._Element, broken: etree._Element, where: str) -> None:
    there, here = locate(whole, where), locate(broken, where)
    if isinstance(there, Attribute) or isinstance(here, Attribute):
        _mend_attribute(whole, broken, where)
    elif here is None:
        assert there is not None, f"nothing stands at {where}, in neither message"
        _restore(there, broken, where)
    else:
        twin = _twin(whole, here)
        if twin is None or (there is None and twin.tag == here.tag):
            _drop(here)
        elif _alone(whole, broken, here, twin):
            _shallow(here, twin)
        else:
            _drop(here)


def _mend_attribute(whole: etree._Element, broken: etree._Element, where: str) -> None:
    owner, _, name = where.rpartition("/@")
    there, here = locate(whole, where), locate(broken, owner)
    assert isinstance(here, etree._Element), f"no element at {owner} in the broken message"
    if there is None:
        here.attrib.pop(clark(name))
    else:
        assert isinstance(there, Attribute)
        here.set(clark(name), there.value)


def _restore(there: etree._Element, broken: etree._Element, where: str) -> None:
    """Puts back an element that only the good message has, at its own rank."""
    parent = there.getparent()
    assert parent is not None
    holder = _by_ranks(broken, _ranks(parent))
    assert holder is not None, f"the parent of {where} is gone too"
    holder.insert(parent.index(there), copy.deepcopy(there))


def _alone(whole: etree._Element, broken: etree._Element, here: etree._Element, twin: etree._Element) -> bool:
    """Whether both messages have as many siblings there: then the node changed, else it was put in."""
    mine, other = here.getparent(), twin.getparent()
    return mine is None or other is None or len(mine) == len(other)


def _shallow(here: etree._Element, twin: etree._Element) -> None:
    """Name, text and attributes of the node itself: a defect below it would stay."""
    here.tag, here.text = twin.tag, twin.text
    here.attrib.clear()
    for name, value in twin.attrib.items():
        here.set(name, value)


def _twin(whole: etree._Element, here: etree._Element) -> etree._Element | None:
    return _by_ranks(whole, _ranks(here))


def _ranks(node: etree._Element) -> list[int]:
    ranks: list[int] = []
    while (parent := node.getparent()) is not None:
        ranks.append(parent.index(node))
        node = parent
    return ranks[::-1]


def _by_ranks(root: etree._Element, ranks: list[int]) -> etree._Element | None:
    for rank in ranks:
        if rank >= len(root):
            return None
        root = root[rank]
    return root


def _drop(node: etree._Element) -> None:
    parent = node.getparent()
    assert parent is not None
    parent.remove(node)


def _same(one: etree._Element, other: etree._Element) -> bool:
    """Equal names, attributes and texts; prefixes do not count, since a copied element may take another one."""
    return (
        one.tag == other.tag
        and (one.text or "") == (other.text or "")
        and (one.tail or "") == (other.tail or "")
        and dict(one.attrib) == dict(other.attrib)
        and len(one) == len(other)
        and all(map(_same, one, other))
    )
