"""Messages and octets that no receiver of HL7 wants, over the real socket: told why, nothing stored, still up."""

from __future__ import annotations

import base64
import re
import socket
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.clients.control import Control
from simulators.core.hl7 import edit
from simulators.sandbox import Sandbox
from tests.e2e.bad_input.bench import PSEUDO
from tests.e2e.bad_input.test_hostile_xml import LAUGHS, QUADRATIC
from tests.support.mllp_bench import RECEIVERS, MllpBench, heard
from tests.support.mllp_ledger import END, VT, Line, field, line_to

CROWD = 200
EACH = 3


@pytest.fixture(scope="module")
def bench(sandbox: Sandbox, control: Control) -> MllpBench:
    sandbox.create_world("mllp-bad")
    return MllpBench(sandbox, control, "mllp-bad")


# -- messages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listener", RECEIVERS)
@pytest.mark.parametrize("octets", [b"PID|1\rOBX|1\r", b"", b"\r\r", b"MSG|^~", b"\xff\xfe", b"<html/>"])
def test_no_header(bench: MllpBench, listener: str, octets: bytes) -> None:
    """Nothing says whose it is: it is told in the default world."""
    answer = bench.denied(octets, "HL7-MSH", listener, world="main")
    assert field(answer, "MSA", 2) == ""


@pytest.mark.parametrize("octets", [b"MSH", b"MSH|", b"MSH||||", b"MSH|^~\\&&|A", b"MSH\r\r"])
def test_half_a_header(bench: MllpBench, octets: bytes) -> None:
    bench.denied(octets, "HL7-DELIMITERS", world="main")


def test_nobody_sends(bench: MllpBench) -> None:
    answer = bench.denied(edit(bench.letter(), "MSH-3", ""), "PFI-MSH-NAMES")
    assert field(answer, "ERR", 2) == "MSH^1^3^1", answer
    assert field(answer, "ERR", 3).startswith("101")
    told = bench.say(edit(bench.written_for_the_record(), "MSH-3", ""), "dpi_mllp")
    assert (field(told, "MSA", 1), b"DPI-PARTIES" in told) == ("AE", True)


@pytest.mark.parametrize(("orc", "obx"), [("NW", "C"), ("RO", "D"), ("CA", "F")])
def test_control_and_status_disagree(bench: MllpBench, orc: str, obx: str) -> None:
    message = edit(edit(bench.letter(), "ORC-1", orc), "OBX[1]-11", obx)
    answer = bench.denied(message, "PFI-ACTION")
    assert orc.encode() in answer and obx.encode() in answer


def test_base64_without_padding_is_read_all_the_same(bench: MllpBench) -> None:
    """Published samples have lost theirs: a warning, and a refusal in the strict profile."""
    padded = (bench.letter(content=b"%PDF-1.4 " + b"x" * more) for more in range(3))
    message = next(one for one in padded if b"=^" in one or b"=|" in one)
    bare = re.sub(rb"=+(?=[|^\r])", b"", message, count=1)
    assert bare != message
    since = bench.cursor(bench.world)
    assert field(bench.say(bare), "MSA", 1) == "AA"
    row = bench.awaited(bench.world, since, "PFI-BASE64-PADDING")
    assert row["outcome"] == "accepted"
    bench.settle()


def test_no_base64(bench: MllpBench) -> None:
    bench.denied(edit(bench.letter(), "OBX[1]-5.5", "%%%"), "PFI-BASE64")


@pytest.mark.parametrize("listener", RECEIVERS)
@pytest.mark.parametrize(
    ("octet", "declared"), [(b"\xe9", "UNICODE UTF-8"), (b"\xc3(", "UNICODE UTF-8"), (b"\xe9", "")]
)
def test_octets_of_another_character_set(bench: MllpBench, listener: str, octet: bytes, declared: str) -> None:
    """The header is not read either: told in the default world."""
    message = edit(bench.admission(), "MSH-18", declared).replace(b"SIMULE", b"SIM" + octet + b"ULE")
    row_world = "main"
    bench.denied(message, "HL7-CHARSET-BYTES", listener, world=row_world)


@pytest.mark.parametrize("bomb", [LAUGHS + b"<a>&l9;</a>", QUADRATIC + b"<a>" + b"&q;" * 50_000 + b"</a>"])
def test_an_xml_bomb_in_the_document(bench: MllpBench, bomb: bytes) -> None:
    message = edit(bench.letter(), "OBX[1]-5.5", base64.b64encode(bomb).decode())
    bench.denied(message, "PFI-CDA")


# -- octets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listener", RECEIVERS)
@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"MSH|^~\\&|A|B\r", "mllp_junk"),
        (b"\r\n", "mllp_junk"),
        (VT + b"MSH|", "mllp_frame_without_end"),
        (VT + b"MSH|\x1cX" + END, "mllp_bad_end"),
    ],
)
def test_octets_outside_a_frame_are_told_and_the_line_goes_on(
    bench: MllpBench, listener: str, octets: bytes, reason: str
) -> None:
    since, message = bench.cursor(PSEUDO), bench.admission()
    with line_to(bench.place_of(listener)) as line:
        line.socket.sendall(octets)
        line.socket.sendall(VT + message + END)
        assert heard(line, field(message, "MSH", 10), 2)
    told = bench.awaited_status(since, reason)
    assert told["outcome"] == "incident"


TOKENS = st.sampled_from(
    [VT, b"\x1c", b"\r", END, VT + END, b"MSH|^~\\&|", b"PID|", b"|", b"^", b"\n", b"\x00", b"\xff"]
)
OCTETS = st.lists(st.one_of(TOKENS, st.binary(max_size=300)), max_size=30).map(b"".join)


@pytest.mark.parametrize("listener", RECEIVERS)
@given(octets=OCTETS)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_octets_hang_the_listener(bench: MllpBench, listener: str, octets: bytes) -> None:
    """MLLP can always be found again at the next 0x0B: the same line answers a good message, and so does a new one."""
    message = bench.admission()
    with line_to(bench.place_of(listener)) as line:
        line.socket.settimeout(15)
        line.socket.sendall(octets + VT + message + END)
        assert heard(line, field(message, "MSH", 10), octets.count(END) + 1)
    assert field(bench.say(bench.admission(), listener), "MSA", 1) == "AA"


@pytest.mark.parametrize("listener", RECEIVERS)
def test_a_frame_octet_by_octet(bench: MllpBench, listener: str) -> None:
    message = bench.admission()
    with line_to(bench.place_of(listener)) as line:
        for octet in VT + message + END:
            line.socket.sendall(bytes([octet]))
        assert field(line.answer(), "MSA", 1) == "AA"


def test_frames_in_one_piece_are_answered_in_order(bench: MllpBench) -> None:
    messages = [bench.admission() for _ in range(20)]
    with line_to(bench.place_of("pfi_mllp")) as line:
        line.socket.sendall(b"".join(VT + message + END for message in messages))
        answered = [field(line.answer(), "MSA", 2) for _ in messages]
    assert answered == [field(message, "MSH", 10) for message in messages]


@pytest.mark.parametrize("listener", RECEIVERS)
def test_a_crowd(bench: MllpBench, listener: str) -> None:
    """200 connections at once: half are silent or in mid-frame, half send; whoever sends is answered."""
    lines = [Line(bench.place_of(listener), 60) for _ in range(CROWD)]
    answers: list[str] = []
    try:
        for number, line in enumerate(lines[::2]):
            line.socket.sendall(VT + b"MSH|^~" if number % 2 else b"")
        messages = [[bench.admission() for _ in range(EACH)] for _ in lines[1::2]]

        def send(line: Line, mine: list[bytes]) -> None:
            answers.extend(field(line.say(message), "MSA", 1) for message in mine)

        threads = [threading.Thread(target=send, args=pair) for pair in zip(lines[1::2], messages, strict=True)]
        for thread in threads:
            thread.start()
        bench.still_serves()
        for thread in threads:
            thread.join(120)
        assert answers == ["AA"] * (CROWD // 2 * EACH)
    finally:
        for line in lines:
            line.close()
    bench.still_serves()


def test_plain_octets_on_the_tls_port(bench: MllpBench) -> None:
    with socket.create_connection(("127.0.0.1", int(bench.place_of("pfi_mllps").rpartition(":")[2])), 20) as sock:
        sock.sendall(VT + bench.admission() + END)
        sock.settimeout(15)
        assert END not in sock.recv(4_096)
    bench.still_serves()
