"""``check mail.eml`` by the command line and by the control API: the operator's own verdict."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulators.clients.control import Control, Refusal
from simulators.clients.mail.compose import compose
from simulators.clients.mail.variants import compose_variant
from simulators.core.mail.words import Mailbox
from simulators.sandbox import Sandbox
from tests.e2e.mssante.conftest import GENERALIST, House
from tests.support.mails import plan


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "simulators.cli.main", "check", *arguments]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder)}
    return subprocess.run(line, capture_output=True, text=True, env=environment, timeout=240, check=False)


def over_http(control: Control, world: str, raw: bytes) -> dict[str, Any]:
    body = {"name": "a.eml", "content": base64.b64encode(raw).decode()}
    found: dict[str, Any] = control.call("POST", f"/worlds/{world}/check", body)
    return found


def told(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding["rule"], finding["level"]) for finding in found["findings"]]


def test_by_the_command_line(tmp_path: Path) -> None:
    mails = {"good.eml": compose(plan()), "bad.eml": compose_variant("bad-hash", plan())}
    mails["virus.eml"] = compose_variant("virus", plan())
    mails["saved.eml"] = compose(plan()).replace(b"\r\n", b"\n")
    for name, raw in mails.items():
        (tmp_path / name).write_bytes(raw)
    done = command(tmp_path, "--json", *(str(tmp_path / name) for name in mails))
    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 1, done.stderr
    assert told(found["good.eml"]) == told(found["saved.eml"]) == []
    assert told(found["bad.eml"]) == [("MSS-XDM-HASH", "warn")]
    assert told(found["virus.eml"]) == [("MSS-DATA-VIRUS", "refuse")]
    assert found["good.eml"]["kind"] == "mail with documents"
    assert any("IHE_XDM.ZIP" in fact for fact in found["good.eml"]["facts"])


def test_by_the_control_api(sandbox: Sandbox, control: Control, world: str) -> None:
    assert told(over_http(control, world, compose(plan()))) == []
    assert told(over_http(control, world, compose_variant("no-nil", plan()))) == [("MSS-NIL", "warn")]
    with pytest.raises(Refusal, match="base64"):
        control.call("POST", f"/worlds/{world}/check", {"content": "%%%"})
    with pytest.raises(Refusal, match="no mail"):
        over_http(control, world, b"<ClinicalDocument/>")


def test_the_policy_of_the_world_decides(sandbox: Sandbox, control: Control, world: str) -> None:
    control.call("PATCH", f"/worlds/{world}/policy", {"overrides": {"MSS-NIL": "refuse"}})
    assert told(over_http(control, world, compose_variant("no-nil", plan()))) == [("MSS-NIL", "refuse")]


def test_the_operator_says_the_same_of_a_mail_it_accepts(house: House, control: Control) -> None:
    """Sent over the wire with a certificate, then checked: the findings of the journal are those of the file."""
    client, sender = house.applicative()
    to = house.box("PER", GENERALIST)
    mine = plan(sender=Mailbox("CH-A", sender), recipients=(Mailbox("", to),))
    for name in ("bad-hash", "latin-text", "wrong-codecda", "no-reply-to"):
        raw = compose(replace(mine, reply_to=None)) if name == "no-reply-to" else compose_variant(name, mine)
        assert client.sendmail(sender, [to], raw, mail_options=["BODY=8BITMIME"]) == {}
        row = house.journal("MESSAGE")[-1]
        assert row.outcome == "accepted"
        found = over_http(control, house.world, raw)["findings"]
        assert [(f["rule"], f["where"], f["found"]) for f in row.verdict["findings"]] == [
            (f["rule"], f["where"], f["found"]) for f in found
        ]
        assert len(found) == 1, found
    client.quit()
