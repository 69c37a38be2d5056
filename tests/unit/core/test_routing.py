"""A connection is given its world once, by the first that answers."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.core.errors import RoutingConflict
from simulators.core.routing import Clue, claim, look_up, release, resolve, split_prefix
from simulators.core.store import Store, schema
from simulators.core.world import NAME, Worlds

ADDRESS = Clue("address", "world", "by-address")
CREDENTIAL = Clue("credential", "certificate", "f1")
DECLARED = Clue("declared", "structure", "1000000001")


@pytest.fixture
def store(either_store: Store) -> Store:
    return either_store


@pytest.fixture
def store_of_worlds(store: Store) -> Store:
    worlds = Worlds(store)
    for name in ("main", "by-address", "by-credential", "by-declaration"):
        worlds.create(name)
    for name, clue in (("by-credential", CREDENTIAL), ("by-declaration", DECLARED)):
        with store.write(name) as tx:
            claim(tx, clue.kind, clue.key)
    return store


FIRST_THAT_ANSWERS: list[tuple[list[Clue], str, list[str]]] = [
    ([ADDRESS, CREDENTIAL, DECLARED], "by-address", ["by-credential", "by-declaration"]),
    ([CREDENTIAL, DECLARED], "by-credential", ["by-declaration"]),
    ([DECLARED], "by-declaration", []),
    ([], "main", []),
    ([Clue("credential", "token", "unknown"), DECLARED], "by-declaration", []),
    ([Clue("credential", "token", "unknown")], "main", []),
    ([Clue("address", "world", "by-declaration"), DECLARED], "by-declaration", []),
    ([CREDENTIAL, CREDENTIAL], "by-credential", []),
    ([Clue("declared", "certificate", "1000000001")], "main", []),  # a key belongs to its kind
]


def test_the_first_that_answers(store_of_worlds: Store) -> None:
    for clues, world, contradicted in FIRST_THAT_ANSWERS:
        route = resolve(store_of_worlds, clues)
        assert (route.world, [w for _, w in route.contradictions]) == (world, contradicted), clues
        assert (route.by is None) == (world == "main")


def test_another_default(store_of_worlds: Store) -> None:
    assert resolve(store_of_worlds, [], default="-").world == "-"


def test_a_key_leads_to_one_world(store_of_worlds: Store) -> None:
    with store_of_worlds.write("by-credential") as tx:
        claim(tx, CREDENTIAL.kind, CREDENTIAL.key)  # its own again: nothing to do
    with pytest.raises(RoutingConflict, match="by-credential"), store_of_worlds.write("main") as tx:
        tx.put(schema.settings, name="x", value="")
        claim(tx, CREDENTIAL.kind, CREDENTIAL.key)
    with store_of_worlds.read("main") as tx:
        assert tx.find(schema.settings) == []
    with store_of_worlds.write("main") as tx:
        release(tx, CREDENTIAL.kind, CREDENTIAL.key)  # not its own: left alone
        claim(tx, "token", CREDENTIAL.key)
    assert look_up(store_of_worlds, CREDENTIAL.kind, CREDENTIAL.key) == "by-credential"
    with store_of_worlds.write("by-credential") as tx:
        release(tx, CREDENTIAL.kind, CREDENTIAL.key)
    assert look_up(store_of_worlds, CREDENTIAL.kind, CREDENTIAL.key) is None


def test_a_claim_that_is_rolled_back_leads_nowhere(store_of_worlds: Store) -> None:
    with pytest.raises(RuntimeError), store_of_worlds.write("main") as tx:
        claim(tx, "token", "t")
        raise RuntimeError
    assert look_up(store_of_worlds, "token", "t") is None


def test_of_two_worlds_that_claim_at_once_one_is_refused(store_of_worlds: Store) -> None:
    """On PostgreSQL worlds run side by side: neither sees the other's row before the insert."""
    names = ["main", "by-address", "by-credential", "by-declaration"]
    ready = threading.Barrier(len(names))

    def run(name: str) -> list[int]:
        won = []
        ready.wait()
        for number in range(20):
            try:
                with store_of_worlds.write(name) as tx:
                    claim(tx, "token", f"t{number}")
                    tx.put(schema.settings, name=f"t{number}", value="")
                won.append(number)
            except RoutingConflict:
                continue
        return won

    with ThreadPoolExecutor(len(names)) as pool:
        won = dict(zip(names, pool.map(run, names), strict=True))
    assert sorted(number for numbers in won.values() for number in numbers) == list(range(20))
    for name, numbers in won.items():
        assert {look_up(store_of_worlds, "token", f"t{n}") for n in numbers} <= {name}
        with store_of_worlds.read(name) as tx:
            assert {row.name for row in tx.find(schema.settings)} == {f"t{n}" for n in numbers}


def test_hostile_keys(store_of_worlds: Store) -> None:
    for key in ("\x00", "a\x00b", "\udc80", "t" * 100_000, "'", "%", "é" * 3000, ""):
        assert look_up(store_of_worlds, "token", key) is None
        with store_of_worlds.write("main") as tx:
            claim(tx, "token", key)
        assert resolve(store_of_worlds, [Clue("credential", "token", key)], default="-").world == "main"
        assert look_up(store_of_worlds, "token", key + "x") is None


@pytest.mark.parametrize(
    ("path", "world", "rest"),
    [
        ("/w/demo/dmp/repository", "demo", "/dmp/repository"),
        ("/w/demo", "demo", "/"),
        ("/w/demo/", "demo", "/"),
        ("/w/a.b_c-1/x", "a.b_c-1", "/x"),
        ("/w/demo//x", "demo", "//x"),
        ("/w/demo/w/other/x", "demo", "/w/other/x"),
        ("/w/demo/../other/x", "demo", "/../other/x"),
        ("/w/demo/a\nb", "demo", "/a\nb"),
        ("/w/demo/é%00\x00", "demo", "/é%00\x00"),
        ("/", None, "/"),
        ("", None, ""),
        ("/w", None, "/w"),
        ("/w/", None, "/w/"),
        ("/w//x", None, "/w//x"),
        ("/w/Demo/x", None, "/w/Demo/x"),
        ("/w/demo\n", None, "/w/demo\n"),
        ("/w/demo\n/x", None, "/w/demo\n/x"),
        ("/w/demo?x", None, "/w/demo?x"),
        ("/w/demo@seed/x", None, "/w/demo@seed/x"),
        ("/w/-/x", None, "/w/-/x"),
        ("/w/-selfcheck/x", None, "/w/-selfcheck/x"),
        ("/w/../x", None, "/w/../x"),
        ("/w/" + "a" * 41 + "/x", None, "/w/" + "a" * 41 + "/x"),
        ("/w/démo/x", None, "/w/démo/x"),
        ("//w/demo/x", None, "//w/demo/x"),
        ("w/demo/x", None, "w/demo/x"),
        ("/x/w/demo/y", None, "/x/w/demo/y"),
        ("/W/demo/x", None, "/W/demo/x"),
    ],
)
def test_the_prefix(path: str, world: str | None, rest: str) -> None:
    assert split_prefix(path) == (world, rest)


@given(st.text(alphabet="/wab.-_@%\n\x00 A1?", max_size=30), st.booleans())
def test_any_path_is_split_or_left_alone(path: str, prefixed: bool) -> None:
    whole = "/w/" + path if prefixed else path
    world, rest = split_prefix(whole)
    if world is None:
        assert rest == whole
    else:
        assert NAME.fullmatch(world) and rest.startswith("/")
        assert whole in {f"/w/{world}{rest}", f"/w/{world}"}
