"""Clients in a file: one line a client, a bad one told by its row, nothing half-imported."""

from __future__ import annotations

from simulators.population.exchange_formats.landing import land
from simulators.population.exchange_formats.read import Given, read_file
from simulators.pro_sante_connect import clients
from simulators.pro_sante_connect.client_family import CLIENTS
from tests.support.psc_room import Room, code_exchange

GOOD = (
    "client_id;secret;redirect_uris;authentification\nmon-dpi;s3cret;https://produit.test/retour|https://b.test/;any\n"
)


def test_an_imported_client_signs_in(room: Room) -> None:
    report = land(room.store, "main", read_file(Given("clients.csv", GOOD.encode()), [CLIENTS]), keep=True)
    assert [line.outcome for line in report.rows] == ["imported"]
    assert room.send(code_exchange(room.code("mon-dpi"), "mon-dpi")).answer.status == 200
    room.worlds.reset("main")
    with room.store.read("main") as tx:
        found = clients.find(tx, "mon-dpi")
    assert found is not None and found.ciba and not found.adopted and len(found.redirect_uris) == 2


def test_a_wrong_row_is_told_and_nothing_is_kept(room: Room) -> None:
    bad = GOOD + "autre-dpi;x;javascript:alert(1);any\n"
    report = land(room.store, "main", read_file(Given("clients.csv", bad.encode()), [CLIENTS]))
    assert [line.outcome for line in report.rows] == ["withheld", "refused"]
    with room.store.read("main") as tx:
        assert clients.find(tx, "mon-dpi") is None
