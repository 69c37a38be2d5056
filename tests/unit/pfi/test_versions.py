"""What a PFI holds decides on replacements and deletions: each rule breaks, names its place, and is mended by the
state it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from simulators.core.rules import Rule
from simulators.documents.hl7.model import Flags, Transmission
from simulators.pfi.rules import held
from simulators.pfi.rules.catalogue import RULES
from tests.support.hl7_documents import DELETION, GOOD, REPLACED_OID, REPLACEMENT, message
from tests.support.hl7_mending import judged
from tests.support.mails import cda


@dataclass(frozen=True)
class Held:
    state: str = "current"
    successor: str = ""
    owner: str = "0B0999009"
    author: str = "899700000039"


@dataclass
class Ledger:
    versions: dict[str, Held] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    def held(self, document: str) -> Held | None:
        return self.versions.get(document)

    def content(self, document: str) -> bytes:
        return self.contents.get(document, b"")


OLD, OWN = REPLACED_OID, GOOD.document_id
CHANGED = replace(REPLACEMENT, flags=replace(GOOD.flags, modif_conf_code=True))
ELSEWHERE = replace(
    REPLACEMENT,
    participants=(
        replace(GOOD.participants[0], org_id="0B0999025", person_id="899700000013"),
        *GOOD.participants[1:],
    ),
)
IN_PLACE = Ledger({OLD: Held()})
ORU = replace(REPLACEMENT, kind="ORU")
CASES = (
    (held.UNKNOWN, REPLACEMENT, Ledger(), IN_PLACE, True),
    (held.UNKNOWN, DELETION, Ledger(), Ledger({OWN: Held()}), False),
    (held.UNKNOWN, ORU, Ledger(), IN_PLACE, False),
    (held.OUTDATED, REPLACEMENT, Ledger({OLD: Held(successor="1.2.3")}), IN_PLACE, True),
    (held.OUTDATED, REPLACEMENT, Ledger({OLD: Held(state="deleted")}), IN_PLACE, True),
    (held.OUTDATED, DELETION, Ledger({OWN: Held(state="deleted")}), Ledger({OWN: Held()}), False),
    (held.OWNER, ELSEWHERE, IN_PLACE, Ledger({OLD: Held(owner="0B0999025")}), True),
    (held.OWNER, ELSEWHERE, IN_PLACE, Ledger({OLD: Held(owner="10B0999025")}), True),
    (held.OWNER, ELSEWHERE, IN_PLACE, Ledger({OLD: Held(author="899700000013")}), True),
    (held.AGAIN, GOOD, Ledger({OWN: Held()}), Ledger(), True),
    (
        held.ATTRIBUTES,
        CHANGED,
        Ledger({OLD: Held()}, {OLD: cda()}),
        Ledger({OLD: Held()}, {OLD: cda(level=2)}),
        True,
    ),
)


@pytest.mark.parametrize(("rule", "plan", "broken", "mended", "exemplary"), CASES)
def test_state_decides(rule: Rule, plan: Transmission, broken: Ledger, mended: Ledger, exemplary: bool) -> None:
    octets = message(plan)
    findings = judged(octets, broken)
    assert [f.rule.id for f in findings] == [rule.id]
    example = rule.example
    assert example is not None
    if exemplary:
        assert (findings[0].where, findings[0].found, findings[0].expected) == (
            example.where,
            example.found,
            example.expected,
        )
    assert judged(octets, mended) == ()
    assert judged(octets) == (), "without a ledger nothing is said of the state"


def test_every_state_rule_is_shown() -> None:
    assert {rule.id for rule, *_ in CASES} == {rule.id for rule in RULES if rule.kind == "state"}


def test_the_application_code_goes_to_err_5() -> None:
    (unknown,) = judged(message(REPLACEMENT), Ledger())
    (other,) = judged(message(ELSEWHERE), IN_PLACE)
    assert unknown.facts["application"].startswith("900^Version du document")
    assert other.facts["application"].startswith("901^Auteur non autorisé")


def test_another_body_is_a_version_of_its_own() -> None:
    same = replace(
        CHANGED, flags=Flags(destdmp=True, modif_conf_code=True), participants=GOOD.participants[:1], fin=False
    )
    ledger = Ledger({OLD: Held()}, {OLD: b"not a CDA"})
    assert judged(message(replace(same, mail_bodies={})), ledger) == ()
