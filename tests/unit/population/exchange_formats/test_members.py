"""Adopted and promoted members, what survives a reset, and a family of another room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from simulators.core.routing import claim
from simulators.core.rules import Text
from simulators.core.store import Store
from simulators.core.store.api import Tx
from simulators.population import registry
from simulators.population.exchange_formats import cells
from simulators.population.exchange_formats.family import Column, Family
from simulators.population.exchange_formats.landing import WorldKeepsChanging, land
from simulators.population.exchange_formats.members import (
    OWN_FAMILIES,
    NoSuchMember,
    adopted,
    every_family,
    promote,
    wanted,
)
from simulators.population.exchange_formats.read import Given, read_file
from simulators.population.idnat import PsIdNat, StructIdNat
from simulators.population.reference import reference_population
from simulators.population.structure import Structure
from tests.unit.population.exchange_formats.importing import Bench, csv_of, outcomes, said

PEOPLE = reference_population()
PATIENTS, PROFESSIONALS, STRUCTURES = OWN_FAMILIES
STRANGER = replace(PEOPLE.patient("adult"), slug="stranger", adopted=True)
ODD = replace(PEOPLE.professional("nurse"), ps_idnat=PsIdNat.as_received("801234534765"), slug="odd", adopted=True)


@pytest.fixture
def bench(either_store: Store) -> Bench:
    """A world where the wire brought two."""
    made = Bench(either_store)
    with either_store.write("w") as tx:
        registry.save_patient(tx, STRANGER)
        registry.save_professional(tx, ODD)
    return made


def test_the_adopted_are_listed(bench: Bench) -> None:
    with bench.store.read("w") as tx:
        assert [(found.family.name, found.key) for found in adopted(tx, OWN_FAMILIES)] == [
            ("patients", STRANGER.ins.matricule),
            ("professionals", "801234534765"),
        ]


def test_a_promoted_member_survives_a_reset_and_the_others_do_not(bench: Bench) -> None:
    with bench.store.write("w") as tx:
        told = promote(tx, PATIENTS, STRANGER.ins.matricule, {"nom_naissance": "DURAND", "Prénoms": "ALIX ZOE"})
    assert (told["birth_name"], told["given_names"], told["adopted"]) == ("DURAND", ["ALIX", "ZOE"], False)
    bench.worlds.reset("w")
    assert [(p.birth_name, p.adopted) for p in bench.everyone()["patients"]] == [("DURAND", False)]
    assert bench.everyone()["professionals"] == []


def test_a_wrong_key_is_kept_as_received(bench: Bench) -> None:
    with bench.store.write("w") as tx:
        promote(tx, PROFESSIONALS, "801234534765", {})
    bench.worlds.reset("w")
    (person,) = bench.everyone()["professionals"]
    assert (person.ps_idnat.value, person.adopted, person.as_received) == ("801234534765", False, True)


@pytest.mark.parametrize(
    ("cells_of", "said_of_it"),
    [
        ({"ins": "285060099900138"}, "identifier cannot be edited"),
        ({"nom_naissance": "X" * 300}, "nom_naissance"),
        ({"sexe": "X"}, "sexe: expected M, F"),
        ({"sexe": ""}, "a value is required"),
        ({"couleur": "bleu"}, "no column 'couleur'"),
        ({"reference": "adult-woman"}, "already bears"),
        ({"etat_dmp": "ferme"}, "dmp_ferme_le"),
    ],
)
def test_an_edit_that_cannot_be(bench: Bench, cells_of: dict[str, str], said_of_it: str) -> None:
    with bench.store.write("w") as tx:
        registry.save_patient(tx, PEOPLE.patient("adult-woman"))
    with pytest.raises(ValueError, match=said_of_it), bench.store.write("w") as tx:
        promote(tx, PATIENTS, STRANGER.ins.matricule, cells_of)
    with bench.store.read("w") as tx:
        assert registry.patient(tx, STRANGER.ins.matricule) == STRANGER


def test_who_is_not_there_cannot_be_promoted(bench: Bench) -> None:
    with pytest.raises(NoSuchMember, match="patients"), bench.store.write("w") as tx:
        promote(tx, PATIENTS, "1", {})
    with pytest.raises(ValueError, match="martians"):
        wanted(OWN_FAMILIES, "martians")
    with pytest.raises(ValueError, match="one by one"), bench.store.write("w") as tx:
        promote(tx, PROFESSIONALS, "801234534765", {"secteur": "SA01"})


def test_an_import_survives_a_reset_when_asked(bench: Bench) -> None:
    bench.take("kept.csv", csv_of("rpps;nom", "99700000013;KEPT"), keep=True)
    bench.take("lost.csv", csv_of("rpps;nom", "99700000021;LOST"))
    assert len(bench.everyone()["professionals"]) == 3
    bench.worlds.reset("w")
    assert [person.family for person in bench.everyone()["professionals"]] == ["KEPT"]
    again = bench.take("kept.csv", csv_of("rpps;nom", "99700000013;KEPT"), dry_run=True)
    assert outcomes(again) == ["unchanged"]


def test_a_name_of_the_seed_is_not_taken_twice(bench: Bench) -> None:
    bench.take("a.csv", csv_of("rpps;nom;reference", "99700000013;A;doc"), keep=True)
    bench.take("a.csv", csv_of("rpps;nom;reference", "99700000013;A;renamed"))
    text = csv_of("rpps;nom;reference", "99700000021;B;doc")
    assert outcomes(bench.take("b.csv", text, dry_run=True)) == ["imported"]
    kept = bench.take("b.csv", text, keep=True)
    assert (outcomes(kept), said(kept)) == (["imported"], [(2, "reference", "NAME-ELSEWHERE")])
    bench.worlds.reset("w")
    assert [person.slug for person in bench.everyone()["professionals"]] == ["doc", "899700000021"]


def test_worlds_do_not_see_each_other(bench: Bench) -> None:
    other = Bench(bench.store, "v")
    bench.take("kept.csv", csv_of("rpps;nom", "99700000013;KEPT"), keep=True)
    other.worlds.reset("v")
    assert other.empty()


# -- while others write -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "outcome"), [(0, "imported"), (2, "replaced")])
def test_a_change_in_between_is_seen(
    memory_store: Store, monkeypatch: pytest.MonkeyPatch, times: int, outcome: str
) -> None:
    bench = Bench(memory_store)
    disturb(memory_store, monkeypatch, times)
    report = bench.take("s.csv", csv_of("identifiant_structure;nom;secteur", "10B0999009;HOPITAL;SA01"))
    assert outcomes(report) == [outcome]
    monkeypatch.undo()
    assert [place.name for place in bench.everyone()["structures"]] == ["HOPITAL"]


def test_a_world_that_never_rests_is_left_alone(memory_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(memory_store)
    disturb(memory_store, monkeypatch, 100)
    with pytest.raises(WorldKeepsChanging, match="try again"):
        bench.take("s.csv", csv_of("identifiant_structure;nom;secteur", "10B0999009;HOPITAL;SA01"))


def disturb(store: Store, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Somebody else writes the same structure after each reading, so many times."""
    reading, numbers = store.read, iter(range(times))

    @contextmanager
    def disturbed(world: str) -> Iterator[Tx]:
        with reading(world) as tx:
            yield tx
        number = next(numbers, None)
        if number is not None:
            with store.write(world) as tx:
                place = Structure("x", StructIdNat("10B0999009"), f"AUTRE {number}", "other", "SA01")
                registry.save_structure(tx, place)

    monkeypatch.setattr(store, "read", disturbed)


# -- a family of another room -----------------------------------------------------------------------------------------

_TOYS: dict[tuple[str, str], dict[str, Any]] = {}


def _toys(tx: Tx) -> Iterator[dict[str, Any]]:
    return (toy for (world, _), toy in sorted(_TOYS.items()) if world == tx.world)


TOYS = Family(
    name="toys",
    title=Text("Jouets", "Toys"),
    columns=(
        Column("toy_id", "toy_id", cells.IDENTIFIER, Text("Nom", "Name"), "t", required=True),
        Column("parts", "parts", cells.LIST, Text("Pièces", "Parts")),
    ),
    schema=lambda: {"type": "object", "required": ["toy_id"], "properties": {"toy_id": {"type": "string"}}},
    load=dict,
    dump=dict,
    key=lambda toy: str(toy.get("toy_id") or ""),
    find=lambda tx, key: _TOYS.get((tx.world, key)),
    keep=lambda tx, toy: _TOYS.__setitem__((tx.world, toy["toy_id"]), toy),
    every=_toys,
    standing=(),
    claim=lambda tx, toy: claim(tx, "toy", toy["toy_id"]),
)


def test_a_simulator_adds_its_own_family(memory_store: Store) -> None:
    _TOYS.clear()
    for name in ("w", "v"):
        Bench(memory_store, name)
    families = every_family([TOYS])

    def take(world: str, text: str) -> Any:
        return land(memory_store, world, read_file(Given("toys.csv", text.encode()), families), keep=True)

    assert outcomes(take("w", csv_of("toy_id;parts", "a;x|y"))) == ["imported"]
    assert set(_TOYS) == {("w", "a"), ("w@seed", "a")}
    taken = take("v", csv_of("toy_id", "b", "a"))
    assert (outcomes(taken), said(taken)) == (["withheld", "refused"], [(3, "", "ROUTE-TAKEN")])
    with memory_store.write("w") as tx:
        claim(tx, "toy", "b")  # the refused file left no key behind
