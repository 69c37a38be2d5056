"""The PFI over the control API, and its page."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from simulators.clients.control import Control
from tests.e2e.pfi.test_journey import FIRST
from tests.support.pfi_peer import Bench, Creator


def page(bench: Bench, path: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{bench.sandbox.console_url}/pfi/{bench.world}{path}") as answer:
        return answer.read().decode("utf-8-sig")  # type: ignore[no-any-return]


def test_api(bench: Bench, creator: Creator, control: Control) -> None:
    at = f"/worlds/{bench.world}/pfi"
    bench.sandbox.faults.add_fault(bench.world, "outage", {"on": "dmp.TD2.1"})
    bench.send(bench.plan("M1", FIRST))
    bench.settle()
    (waiting,) = control.call("GET", f"{at}/orders?state=pending")["orders"]
    assert waiting["waits_for"].startswith("HTTP 503")
    assert waiting["next"]
    assert control.call("POST", f"{at}/orders/retry", {"names": ["nothing"]}) == {"retried": []}
    bench.sandbox.faults.clear(bench.world, "fault")
    assert control.call("POST", f"{at}/orders/retry", {})["retried"] == [waiting["name"]]
    bench.settle()
    (request,) = control.call("GET", f"{at}/requests")["requests"]
    assert [order["state"] for order in request["orders"]] == ["ok", "ok", "ok"]
    assert {receipt["state"] for receipt in request["receipts"]} == {"acked"}
    assert control.call("POST", f"{at}/poll") == {"new": 0}
    assert [mail["kind"] for mail in control.call("GET", f"{at}/incoming")["incoming"]] == ["dsn", "dsn"]
    log = control.call("GET", f"{at}/log")["log"]
    assert {"received", "queued", "waiting", "sent", "acked"} <= {line["event"] for line in log}
    assert control.call("GET", f"{at}/documents")["documents"][0]["document"] == FIRST
    assert control.call("GET", f"{at}/patients") == {"patients": []}
    (described,) = control.call("GET", f"/worlds/{bench.world}")["pfi"]
    assert described["mailbox"] == bench.mailbox


@pytest.mark.parametrize(("lang", "cut"), [("fr", "En attente"), ("en", "Waiting")])
def test_page(bench: Bench, creator: Creator, lang: str, cut: str) -> None:
    bench.sandbox.faults.add_fault(bench.world, "outage", {"on": "dmp.TD2.1"})
    bench.send(bench.plan("M<1>", FIRST))
    bench.settle()
    shown = page(bench, f"?lang={lang}")
    assert cut in shown
    assert "M&lt;1&gt;" in shown
    assert "<script" not in shown
    log = page(bench, "/log.csv")
    assert log.startswith("number;at;event;subject;text\r\n")
    header, row = page(bench, "/statistics.csv").split("\r\n")[:2]
    assert dict(zip(header.split(";"), row.split(";"), strict=True))["mss_ok"] == "1"


def test_the_world_leads_to_its_pfi(bench: Bench) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{bench.sandbox.console_url}/worlds/{bench.world}?lang=fr") as answer:
        assert f"/pfi/{bench.world}?lang=fr" in answer.read().decode()
    assert "Aucune demande" in page(bench, "?lang=fr")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        opener.open(f"{bench.sandbox.console_url}/pfi/nobody")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        opener.open(f"{bench.sandbox.console_url}/pfi/nobody/log.csv")
