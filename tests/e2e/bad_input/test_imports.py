"""Hostile and damaged files over the control API and the command line: told to the row, nothing imported, still up."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.cli.main import main
from simulators.clients.control import Control
from simulators.population.exchange_formats.reading import LARGEST_FILE
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import Bench

HEADER = "ins;nom_naissance;prenoms;sexe;date_naissance"
GOOD = "185010099977771;BON;ALIX;M;1985-01-15"
ADT = "MSH|^~\\&|A|B|C|D|2026||ADT^A28|1|D|2.5|||||FRA|UNICODE UTF-8\r"

BROKEN: dict[str, tuple[str, bytes, int, str, str]] = {
    "quote": ("p.csv", f'{HEADER}\n{GOOD}\n1;"open;A;M;1985-01-15\n'.encode(), 3, "", "QUOTE"),
    "cells": ("p.csv", f"{HEADER}\n{GOOD}\n1;2;3\n".encode(), 3, "", "CELLS"),
    "NUL": ("p.csv", f"{HEADER}\n{GOOD}\n\0;A;B;M;1985-01-15\n".encode(), 3, "", "NUL"),
    "encoding": ("p.csv", f"{HEADER}\n{GOOD}\n1;ÉTÉ;B;M;1985-01-15\n".encode("cp1252"), 3, "", "ENCODING"),
    "UTF-16": ("p.csv", f"{HEADER}\n{GOOD}\n".encode("utf-16"), 1, "", "ENCODING"),
    "rows": ("p.csv", f"{HEADER}\n".encode() + b"1;2;3;4;5\n" * 900_000, 10_002, "", "TOO-MANY-ROWS"),
    "line": ("p.csv", f"{HEADER}\n".encode() + b"x" * (LARGEST_FILE - 100), 2, "", "TOO-LARGE"),
    "workbook": ("p.xlsx", b"PK\x03\x04" + b"\0" * 100, 1, "", "FORMAT"),
    "JSON": ("p.json", b'{"patients": [\n{]', 2, "", "JSON"),
    "JSON bomb": ("p.json", b"[" * 1_000_000, 1, "", "JSON"),
    "no MSH": ("p.hl7", b"PID|||1\r", 1, "MSH", "NO-MSH"),
    "huge PID": ("p.hl7", (ADT + "PID|||" + "~" * 5_000_000 + "\r").encode(), 1, "PID", "TOO-LARGE"),
    "HL7 encoding": ("p.hl7", (ADT + "PID|||\xe9\r").encode("latin-1"), 1, "MSH-18", "ENCODING"),
    "empty": ("p.csv", b"", 1, "", "EMPTY"),
}


def post(sandbox: Sandbox, bench: Bench, body: dict[str, Any]) -> requests.Response:
    session = requests.Session()
    session.trust_env = False
    url = f"{bench.control.document['control']['url']}/worlds/{bench.world}/population/import"
    return session.post(url, json=body, headers={"Authorization": f"Bearer {sandbox.token}"}, timeout=60)


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_told_to_the_row(sandbox: Sandbox, bench: Bench, what: str) -> None:
    name, data, row, column, code = BROKEN[what]
    before = bench.state()
    answer = post(sandbox, bench, {"name": name, "base64": base64.b64encode(data).decode()})
    assert answer.status_code == 422, answer.text[:300]
    last = [line for line in answer.json()["rows"] if line["outcome"] == "refused"][-1]
    (remark,) = last["remarks"]
    assert (last["row"], remark["column"], remark["code"]) == (row, column, f"SIM-IMPORT-{code}")
    assert remark["mend"]["fr"]
    assert remark["mend"]["en"]
    assert bench.state() == before
    bench.still_serves()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "p.csv"}, 400, "text, or base64"),
        ({"name": "p.csv", "text": "a", "base64": "YQ=="}, 400, "text, or base64"),
        ({"name": "p.csv", "base64": "not base64!"}, 400, "cannot be read"),
        ({"name": "p.csv", "text": "\ud800"}, 400, "half characters"),
        ({"text": "a"}, 400, "'name' is required"),
        ({"name": "p.csv", "text": "a", "encoding": "klingon"}, 400, "klingon"),
        ({"name": "p.csv", "text": "a", "family": "martians"}, 400, "martians"),
        ({"name": "p.csv", "text": "a", "dryrun": True}, 400, "dryrun"),
        ({"name": "p.csv", "text": "x" * (LARGEST_FILE * 2)}, 413, ""),
        ({"name": "../../p.csv", "text": "a"}, 422, ""),
    ],
)
def test_a_request_that_cannot_be(sandbox: Sandbox, bench: Bench, body: dict[str, Any], status: int, said: str) -> None:
    before = bench.state()
    answer = post(sandbox, bench, body)
    assert answer.status_code == status, answer.text[:300]
    assert said in answer.json()["detail"]
    assert bench.state() == before
    bench.still_serves()


def test_the_usual_routes_keep_their_limit(sandbox: Sandbox, bench: Bench) -> None:
    session = requests.Session()
    session.trust_env = False
    url = f"{bench.control.document['control']['url']}/worlds/{bench.world}/policy"
    body = {"profile": "x" * 2_000_000}
    answer = session.patch(url, json=body, headers={"Authorization": f"Bearer {sandbox.token}"}, timeout=60)
    assert answer.status_code == 413


HOSTILE: dict[str, Callable[[Path], Path]] = {
    "100 MB line": lambda folder: _file(folder / "p.csv", HEADER.encode() + b"\n" + b"x" * 100_000_000),
    "a folder": lambda folder: folder,
    "nothing": lambda folder: folder / "absent.csv",
}


def _file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("what", HOSTILE)
def test_the_command_says_what_it_cannot_send(
    sandbox: Sandbox, control: Control, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    before = bench.state()
    path = str(HOSTILE[what](tmp_path))
    endpoints = str(sandbox.folder / "endpoints.json")
    code = main(["population", "--world", bench.world, "import", path, "--endpoints", endpoints])
    captured = capsys.readouterr()
    assert code in {2, 3}
    assert captured.err.startswith("segur-sandbox: ")
    assert "Traceback" not in captured.err
    assert bench.state() == before


def test_a_terminal_is_not_moved_by_what_a_file_holds(
    sandbox: Sandbox, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = GOOD.replace(";M;", ";\x1b[31m\x07;")
    path = _file(tmp_path / "p.csv", f"{HEADER}\n{row}\n".encode())
    endpoints = str(sandbox.folder / "endpoints.json")
    assert main(["population", "--world", bench.world, "import", str(path), "--endpoints", endpoints]) == 1
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\\x1b[31m\\x07" in told
