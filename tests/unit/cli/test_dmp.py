"""``dmp``: what a command line says to the control API."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.cli import dmp
from simulators.cli.main import parser
from simulators.console.api.dmp import ACTS


def test_the_verbs_are_those_of_the_api() -> None:
    assert tuple(dmp.ACTS) == tuple(ACTS)


@pytest.mark.parametrize(
    ("line", "body", "outcome"),
    [
        (["publish"], {"act": "publish", "by": "laboratory", "patient": "adult"}, "accepted"),
        (
            ["replace", "1.2.3", "--by", "hospital", "--text", "corrigé"],
            {"act": "replace", "by": "hospital", "document": "1.2.3", "text": "corrigé"},
            "refused",
        ),
    ],
)
def test_what_is_asked_and_said(
    line: list[str],
    body: dict[str, str],
    outcome: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[Any] = []

    class Remote:
        def call(self, method: str, path: str, body: dict[str, str]) -> dict[str, Any]:
            asked.append((method, path, body))
            told = {"act": body["act"], "outcome": outcome, "document": "1.2.9", "exchange": 7}
            return {**told, "code": "XDSError", "rule": "DMP-RULE", "text": "why"}

    monkeypatch.setattr(dmp, "running", lambda endpoints: Remote())
    code = dmp.run(parser("dmp").parse_args(["dmp", *line, "--world", "t1"]))
    assert asked == [("POST", "/worlds/t1/dmp/acts", body)]
    said = capsys.readouterr().out
    if outcome == "accepted":
        assert (code, said) == (0, "publish  accepted  1.2.9  exchange 7\n")
    else:
        assert (code, said) == (1, "replace  refused  XDSError DMP-RULE why  exchange 7\n")


def test_a_document_is_named_by_every_act_but_publish() -> None:
    with pytest.raises(SystemExit):
        parser("dmp").parse_args(["dmp", "delete"])
