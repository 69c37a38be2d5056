"""Mending tests of lots: as :mod:`tests.support.mending`, also inside the documents of the message.

A finding may point inside a document (``<place>#<XPath>``) or at an object that lacks something; mending then gives
that object the child that only the good message has, and nothing else.
"""

from __future__ import annotations

import copy
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lxml import etree

from simulators.core.rules import Level, Policy, Rule
from simulators.core.store.api import Tx
from simulators.core.xml import locate, parse
from simulators.dmp import registry_store as store
from simulators.dmp.rules import lot, signature
from tests.support import mending
from tests.support.dmp_lots import AUTHOR, DOCUMENT, LotPlan, bytes_of, plain, reseal, td21, within
from tests.support.dmp_messages import INDIRECT, INS, OTHER_INS, STRUCTURE, VihfPlan
from tests.support.dmp_room import NOW, Room
from tests.support.mending import Breaker, Told

SEVERE = {rule.id: Level.REFUSE for rule in (*lot.RULES, *signature.RULES)}

OLD, OLD_OF_OTHER_PATIENT, OLD_OF_OTHER_AUTHOR = (
    f"urn:uuid:00000000-0000-4000-8000-0000000001{number:02d}" for number in range(1, 4)
)


def register_old(tx: Tx) -> None:
    """Three documents one may try to replace; the first is the right one."""
    (entry, _), cx = plain().documents[0], plain().patient_cx
    elsewhere = replace(AUTHOR, institutions=(AUTHOR.institutions[0].replace("10B0999009", "10B0999025"),))
    for uuid, patient, author in (
        (OLD, cx, AUTHOR),
        (OLD_OF_OTHER_PATIENT, cx.replace(INS, OTHER_INS), AUTHOR),
        (OLD_OF_OTHER_AUTHOR, cx, elsewhere),
    ):
        held = replace(entry, entry_id=uuid, unique_id="1.2.250.1.999.9.1.2.0", patient_id=patient, authors=(author,))
        store.add_document(tx, held, matricule=patient[:15], submission_set="urn:uuid:0", sha256="", registered=NOW)


@dataclass(frozen=True)
class LotCase:
    """``breaker`` edits the message, or document ``inside`` of it; ``resealed`` signs the lot again after that.

    ``also`` are the rules that the same defect breaks besides; ``levels`` are policy overrides.
    """

    rule: Rule
    breaker: Breaker
    inside: int = 0
    resealed: bool = False
    plan: Callable[[], LotPlan] = plain
    vihf: VihfPlan = INDIRECT
    also: tuple[Rule, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=dict)
    holder: str = STRUCTURE
    name: str = ""

    @property
    def id(self) -> str:
        return f"{self.rule.id}{f'-{self.name}' if self.name else ''}"


class Bench:
    """Runs cases in one room; what was already sent to a world of the same policy is not sent again."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._kept: dict[tuple[bytes, str], Told] = {}

    def good(self, case: LotCase) -> bytes:
        root = etree.fromstring(td21(self.room.certificates.signer(), case.plan(), case.vihf))
        for held in root.iter(DOCUMENT):
            held.text = b64encode(bytes_of(parse(b64decode(held.text or "")))).decode()
        return etree.tostring(root)

    def broken(self, case: LotCase, good: bytes) -> etree._Element:
        root = etree.fromstring(good)
        if case.inside:
            within(root, case.inside, case.breaker)
        else:
            case.breaker(root)
        if case.resealed:
            reseal(root, case.plan(), self.room.certificates.signer())
        return root

    def send(self, message: bytes, case: LotCase, *, severe: bool = False) -> Told:
        """``severe``: to a world where every rule of a lot refuses."""
        policy = Policy(overrides=SEVERE if severe else case.levels)
        key = (message, repr(policy))
        if key not in self._kept:
            seen = self.room.send(message, self.world(policy), operation="TD2.1", holder=case.holder)
            self._kept[key] = seen.told()
        return self._kept[key]

    def world(self, policy: Policy) -> str:
        """A world of that policy, whose registry holds the documents to replace and nothing else."""
        name = self.room.shared(policy)
        with self.room.store.write(name) as tx:
            for table in (store.documents, store.submission_sets, store.associations):
                tx.delete(table)
            register_old(tx)
        return name

    def forced(self, message: bytes, case: LotCase) -> bytes:
        self.room.force(case.rule)
        try:
            world = self.room.shared(Policy())
            return self.room.send(message, world, operation="TD2.1", holder=case.holder).answer.body
        finally:
            self.room.relent()

    def run(self, case: LotCase) -> None:
        """Good: nothing of the rule. Broken: it alone, at the very node. Mended there: the good message again."""
        good = self.good(case)
        assert not self.send(good, case).of(case.rule), f"{case.id}: the good message already has a finding"
        whole, root = etree.fromstring(good), self.broken(case, good)
        broken = etree.tostring(root)
        told = self.send(broken, case)
        found = told.of(case.rule)
        seen = [(finding["rule"], finding["where"]) for finding in told.findings]
        assert len(found) == 1, f"{case.id}: {seen}"
        assert {rule for rule, _ in seen} == {case.rule.id, *(rule.id for rule in case.also)}, f"{case.id}: {seen}"
        level = Policy(overrides=case.levels).level(case.rule)
        assert found[0]["level"] == level
        assert told.refused == any(finding["level"] == "refuse" for finding in told.findings)
        self._mend(case, whole, root, str(found[0]["where"]))
        if not case.name:
            mending.assert_example(case.rule, found[0])
            self._forced(case, good, told if level is Level.REFUSE else self.send(broken, case, severe=True))

    def _mend(self, case: LotCase, whole: etree._Element, broken: etree._Element, where: str) -> None:
        outer, mark, inner = where.partition("#")
        if mark:
            number = 1 + [locate(whole, outer) is held for held in whole.iter(DOCUMENT)].index(True)
            document = parse(b64decode(list(whole.iter(DOCUMENT))[number - 1].text or ""))
            within(broken, number, lambda root: mend(document, root, inner))
        else:
            mend(whole, broken, outer)
        if case.resealed:
            reseal(broken, case.plan(), self.room.certificates.signer())
        assert mending._same(broken, whole), f"{case.id}: mending at {where} does not give the good message"

    def _forced(self, case: LotCase, good: bytes, true: Told) -> None:
        """A forced refusal is the true one, byte for byte, where the defect breaks this rule alone."""
        assert true.refused
        if not [finding for finding in true.findings if finding["level"] == "refuse"][1:]:
            assert mending.normalised(self.forced(good, case)) == mending.normalised(true.answer)


def mend(whole: etree._Element, broken: etree._Element, where: str) -> None:
    """Mends at ``where`` and nowhere else."""
    here, there = locate(broken, where), locate(whole, where)
    if isinstance(here, etree._Element) and here.getparent() is None and there is None:
        etree.Element("gone").append(here)  # an instruction before the root
        return
    if isinstance(here, etree._Element) and isinstance(there, etree._Element) and mending._same(here, there):
        mending._by_ranks(broken, mending._ranks(there)[:-1]).insert(mending._ranks(there)[-1], here)  # type: ignore
        return
    if isinstance(here, etree._Element) and isinstance(there, etree._Element) and len(here) < len(there):
        for index, child in enumerate(there):
            if index >= len(here) or not mending._same(child, here[index]):
                here.insert(index, copy.deepcopy(child))
                return
    mending._mend(whole, broken, where)
