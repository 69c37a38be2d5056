"""IHE PAM France with engines we did not write: hl7apy reads what the identity repository tells, python-hl7 sends the
published samples to the PFI and to the DPI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.interop import test_hl7_engines as engines
from tests.interop.hl7 import ward as wards
from tests.interop.hl7.ward import INS, listening, published
from tests.interop.psc import room as rooms
from tests.interop.psc.room import Bench

pytestmark = pytest.mark.interop

bench, python = engines.bench, engines.python
ADULT = "185010099900171"
COMMANDS: tuple[tuple[str, dict[str, str], str], ...] = (
    ("preadmit", {}, f"A05 VALI {ADULT} INSERT NA"),
    ("admit", {"answers": "consents"}, f"A01 VALI {ADULT} INSERT INO"),
    ("transfer", {"unit": "1002"}, f"A02 VALI {ADULT} INSERT -"),
    ("cancel_transfer", {}, f"A12 VALI {ADULT} CANCEL -"),
    ("correct", {"unit": "1003"}, f"Z99 VALI {ADULT} UPDATE INO"),
    ("discharge", {}, f"A03 VALI {ADULT} INSERT -"),
    ("cancel_discharge", {}, f"A13 VALI {ADULT} CANCEL -"),
    ("consent", {"feed": "IO"}, f"A31 VALI {ADULT} - IO"),
    ("demote", {}, 'A47 PROV "" - -'),
    ("qualify", {}, f"A31 VALI {ADULT} - IO"),
    ("merge", {"other": "adult-woman"}, f"A40 VALI {ADULT} - -"),
)
FOLDER = "Consentement_DMP_PAMFR"
SAMPLES = {
    "ConsentementConsultation_NonOppositionAlimentation": True,
    "NonConsentementConsultation_NonOppositionAlimentation": True,
    "NonConsentementConsultation_OppositionAlimentation": False,
    "NonRecueillieConsentementConsultation_NonOppositionAlimentation": True,
    "NonRecueillieConsentementConsultation_NonRecueillieOppositionAlimentation": True,
}
"""Published messages: whether feeding the DMP is allowed afterwards (facts pfi §5.2)."""


def test_hl7apy_reads_what_is_told(bench: Bench, python: Path, tmp_path: Path) -> None:
    here, own = wards.ward(bench, "pam-hl7apy"), wards.free_port()
    program = engines.SOURCES / "python" / "pam_receiver.py"
    with listening([str(python), str(program), str(own)], tmp_path) as said:
        for name, given, _ in COMMANDS:
            body: dict[str, Any] = {**given, "patient": "adult", "to": [f"mllp://127.0.0.1:{own}"], "wait": 30}
            done = bench.call("POST", f"{here.api}/identity/{name}", body)
            assert [message["ack"] for message in done["messages"]] == ["AA"], (done, said)
    assert [line for line in said if line != "ready"] == [f"got {expected}" for *_, expected in COMMANDS]


@pytest.mark.parametrize("listener", ["pfi_mllp", "dpi_mllp"])
def test_the_published_samples_are_taken_as_they_are(bench: Bench, python: Path, tmp_path: Path, listener: str) -> None:
    here = wards.ward(bench)
    host, port = here.at(listener)
    for number, (name, may_feed) in enumerate(SAMPLES.items()):
        text = published(f"{FOLDER}/{name}.er7").strip().replace("\n", "\r") + "\r"
        (tmp_path / "m.hl7").write_bytes(b"\x0b" + text.encode() + b"\x1c\r")
        command = [str(python.parent / "mllp_send"), "-p", str(port), "-f", str(tmp_path / "m.hl7"), host]
        done = rooms.run(command, tmp_path, 60)
        assert [line for line in done.stdout.replace("\r", "\n").splitlines() if line.startswith("MSA|")] == [
            f"MSA|AA|{3975 + number}"
        ], done.stdout
        if listener == "dpi_mllp":
            patients = bench.call("GET", f"{here.api}/dpi/patients")["patients"]
            assert [one["may_feed"] for one in patients if one["matricule"] == INS] == [may_feed]
