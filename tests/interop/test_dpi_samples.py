"""The published messages of the flow 6, as they are and then repaired, over the wire to the record.

What is wrong with each was listed by hand first (shared/samples/README.md, and the texts themselves):
all four have LF line ends, an organisation in TXA-12.2, and ``1`` where the Message-ID of the mail should be; the
document of INIT_N1 is a phrase; those of the three others have lost the ``=`` of their base64; RPLC and DEL name an
organisation in TXA-13.2 too, and a version that no record has; nobody knows the patient.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.core.hl7 import Head, Message, read_message
from simulators.population.pam import Identifier, Identity, Name, PamEvent, Place, build_pam
from simulators.sandbox import Sandbox
from tests.e2e.conftest import control, sandbox, world  # noqa: F401
from tests.interop.python.samples import missing
from tests.support.scripted_pfi import send

FOLDER = "Trans_LPS_CDA_MSSante/TRANSMISSION_LPS_DOC_CDA_COURRIEL_FROM_MSSANTE_V1.1"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "hl7" / FOLDER
PHRASE, INITIAL, REPLACEMENT, DELETION = (
    "Transmission_initiale_MDM/message_MDM__LPS_MSS_CR_Radio_INIT_N1.er7",
    "Transmission_initiale_MDM/message_MDM__LPS_MSS_CR_Radio_INIT_N1_Base64.er7",
    "Remplacement_MDM/message_MDM__LPS_MSS_CR_Radio_RPLC_N1.er7",
    "Suppression_MDM/message_MDM__LPS_MSS_CR_Radio_DEL_N1.er7",
)
EVERYWHERE = {("HL7-LINE-ENDS", "W"), ("DPI-TXA-NAMESPACE", "W"), ("DPI-MESSAGE-ID", "W")}
PADDING, UNKNOWN = ("DPI-BASE64-PADDING", "W"), ("DPI-PATIENT-UNKNOWN", "E")
VERDICTS = {
    PHRASE: (EVERYWHERE | {("DPI-CDA", "E")}, "906"),
    INITIAL: (EVERYWHERE | {PADDING, UNKNOWN}, "902"),
    REPLACEMENT: (EVERYWHERE | {PADDING, UNKNOWN, ("DPI-NOT-HELD", "E")}, "902"),
    DELETION: (EVERYWHERE | {PADDING, UNKNOWN, ("DPI-NOT-HELD", "E")}, "902"),
}
INS = Identifier("279035121518989", "INS", "ASIP-SANTE-INS-NIR", "1.2.250.1.213.1.4.10", "ISO")
IPP = Identifier("SIM279", "PI", "SIM", "0B0999009", "N")


def published(name: str) -> bytes:
    path = SAMPLES / name
    if not path.is_file():
        missing(f"the published message {name} in the folder 'shared' beside the checkout")
    return path.read_bytes()


def told(answer: bytes) -> tuple[set[tuple[str, str]], Message]:
    """(rule, severity) of each ERR, and the acknowledgement."""
    message = read_message(answer)
    return {(err.get(7).partition(" ")[0], err.get(4)) for err in message.all("ERR")}, message


@pytest.mark.parametrize("name", VERDICTS)
def test_each_gets_the_verdict_its_defects_deserve(sandbox: Sandbox, name: str) -> None:  # noqa: F811
    findings, answer = told(send(sandbox.local_url("dpi_mllp"), published(name)))
    wanted, code = VERDICTS[name]
    assert findings == wanted
    assert (answer.value("MSA-1"), answer.value("MSA-2"), answer.value("ERR-5.1")) == ("AE", "015", code)
    assert answer.value("MSH-3") == "RIS-Y"


def test_once_the_patient_is_known_they_enter_change_and_leave(sandbox: Sandbox, world: str) -> None:  # noqa: F811
    url = sandbox.local_url("dpi_mllp")

    def to_world(message: bytes) -> bytes:
        head, rest = message.replace(b"\r\n", b"\r").replace(b"\n", b"\r").split(b"\r", 1)
        fields = head.split(b"|")
        fields[5] = world.encode()
        return send(url, b"|".join(fields) + b"\r" + rest)

    who = Identity(
        identifiers=(IPP, INS),
        names=(Name("PAT-TROIS", "DOMINIQUE", "DOMINIQUE"),),
        birth_date="19790328",
        sex="F",
        places=(Place(kind="BDL", county="63220"),),
        statuses=("VALI",),
    )
    head = Head("GAM-Y", "Organisation-Y", "DPI-Y", world, sandbox.now(), "", "A28-1")
    event = PamEvent("A28", identity=who, recorded="20260306100000", occurred="20260306100000")
    assert told(to_world(build_pam(event, head)))[1].value("MSA-1") == "AA"
    for name in (INITIAL, REPLACEMENT, REPLACEMENT, DELETION, DELETION):
        findings, answer = told(to_world(published(name)))
        assert answer.value("MSA-1") == "AA", findings
        assert {severity for _, severity in findings} <= {"W"}
    from simulators.dpi import integrated

    with sandbox.store.read(world) as tx:
        states = [one.state.value for one in reversed(integrated.every(tx))]
        notices = [one.kind for one in integrated.notices(tx)]
    assert (states, notices) == (["superseded", "deleted"], ["deleted"])
