"""The PFI without its neighbours: it takes requests, waits and says why; then one of them is named to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulators.assembly.settings import Settings
from simulators.documents.hl7.model import Flags
from simulators.pfi import shown
from simulators.sandbox import Sandbox
from tests.e2e.pfi.test_journey import FIRST
from tests.support.pfi_peer import Bench, Creator

ASKED = Flags(destdmp=True, destmssanteps=True, ack_reception=True)


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    return tmp_path / "pki"


def settings(tmp_path: Path, pki: Path, *only: str) -> Settings:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return Settings(random_ports=True, only=only, pki=pki, environment=environment, publish=False, readiness=False)


def test_alone_then_in_company(tmp_path: Path, pki: Path) -> None:
    with Sandbox(settings(tmp_path, pki, "pfi")) as alone, Creator() as creator:
        bench = Bench(alone, "main", colleague="qui@main.mssante.test")
        bench.set(pfi_dpi=creator.url)
        bench.send(bench.plan("M1", FIRST, flags=ASKED))
        bench.settle()
        with alone.store.read("main") as tx:
            waits = [order["waits_for"] for order in shown.listed_orders(tx)]
        assert ["no listener dmp" in waits[0], "no listener submission" in waits[1]] == [True, True]
        with Sandbox(settings(tmp_path, pki, "dmp")) as dmp:
            bench.set(pfi_dmp=f"{dmp.local_url('dmp')}/w/main")
            bench.settle("PT5M")
            assert bench.states() == ["ok", "pending"]
        assert creator.kinds == ["ZAM^Z01"]
        bench.set(pfi_dmp="https://dmp.example.org", pfi_give_up_after="PT30M")
        bench.send(bench.plan("M2", "1.2.250.1.999.9.1.777", flags=Flags(destdmp=True)))
        bench.settle("PT1H")
        assert bench.states()[-1] == "ko"
        assert "named by nobody" in bench.orders()[-1].label
