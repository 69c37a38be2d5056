from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators.core.faults
from simulators.core.faults import effects
from simulators.core.faults.catalogue import FAULTS, ShippedFaults
from simulators.core.faults.effects import Effect
from simulators.core.faults.fault import Fault, Param
from simulators.core.rules import Text
from simulators.core.xml import XmlRefused, parse

GROUND = {"__init__", "book", "catalogue", "effects", "fault", "match"}
HOOKS = ["on_accept", "on_request", "before_commit", "after_commit_before_answer", "on_answer"]


def effect(name: str, **params: object) -> Effect:
    return FAULTS[name].effect(FAULTS[name].values(params), None)


def tampered(name: str, body: bytes, **params: object) -> bytes:
    found = effect(name, **params)
    assert isinstance(found, effects.Tamper)
    return found.change(body)


def test_every_file_of_the_folder_is_listed_under_its_own_name() -> None:
    folder = Path(simulators.core.faults.__path__[0])
    assert {p.stem for p in folder.glob("*.py")} - GROUND == set(FAULTS)
    assert all(name == fault.name for name, fault in FAULTS.items())
    assert sorted(FAULTS, key=lambda n: HOOKS.index(FAULTS[n].hook)) == list(FAULTS), "in the order of their hooks"


def test_the_catalogue_imports_its_files_when_first_asked() -> None:
    code = (
        "import sys; from simulators.core.faults.catalogue import FAULTS;"
        "print('simulators.core.faults.outage' in sys.modules, len(FAULTS) > 0,"
        "'simulators.core.faults.outage' in sys.modules)"
    )
    root = Path(simulators.core.faults.__path__[0]).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]


@pytest.mark.parametrize("fault", ShippedFaults().values(), ids=lambda f: f.name)
def test_each_fault_can_be_shown_and_works_with_its_defaults(fault: Fault) -> None:
    shown = json.loads(json.dumps(fault.as_json(), allow_nan=False))
    assert shown["text"]["fr"] and shown["text"]["en"] and shown["text"]["fr"] != shown["text"]["en"]
    assert shown["hook"] in HOOKS
    for param in shown["params"]:
        assert param["text"]["fr"] and param["text"]["en"]
        assert param["unit"] or param["type"] in {"choice", "text"} or param["name"] == "status"
    values = fault.values({})
    assert fault.values(values) == values, "what is stored is read again"
    assert fault.values({name: str(value) for name, value in values.items()}) == values, "a command line gives text"
    assert isinstance(fault.effect(values, None), Effect)


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("latency", {"seconds": "2.5"}, effects.Delay(2.5)),
        ("reset", {}, effects.Disconnect("reset")),
        ("close", {}, effects.Disconnect("close")),
        ("truncate", {"after": "0"}, effects.Truncate(0)),
        ("after_commit_before_answer", {"mode": "close"}, effects.Disconnect("close")),
        ("http_error", {"status": 418, "body": "é"}, effects.Respond(418, "é".encode())),
        ("refuse_connection", {}, effects.Disconnect("reset")),
        ("silent", {"seconds": 1}, effects.Silence(1.0)),
    ],
)
def test_effects(name: str, params: dict[str, object], expected: Effect) -> None:
    found = effect(name, **params)
    if isinstance(found, effects.Respond) and isinstance(expected, effects.Respond):
        assert (found.status, found.body) == (expected.status, expected.body)
    else:
        assert found == expected


def test_outage_and_slow_down_speak_http() -> None:
    outage, slow = effect("outage"), effect("slow_down", seconds=7, status=503)
    assert isinstance(outage, effects.Respond) and isinstance(slow, effects.Respond)
    assert outage.status == 503 and b"sandbox" in outage.body
    assert (slow.status, slow.headers["Retry-After"]) == (503, "7")


def test_reach() -> None:
    assert {name for name, fault in FAULTS.items() if fault.reach == "listener"} == {"refuse_connection", "silent"}


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("outage", {"seconds": 1}, "fault outage has no parameter 'seconds'; it has: none"),
        ("latency", {"second": 1}, "no parameter 'second'; it has: seconds"),
        ("latency", {"seconds": "soon"}, "seconds: a number, not 'soon'"),
        ("latency", {"seconds": "nan"}, "seconds: between 0 and 3600 s"),
        ("latency", {"seconds": -1}, "seconds: between 0 and 3600 s"),
        ("latency", {"seconds": True}, "seconds: a number, not True"),
        ("truncate", {"after": 1.5}, "after: a whole number, not 1.5"),
        ("truncate", {"after": -1}, "after: between 0 and inf bytes"),
        ("http_error", {"status": 600}, "status: between 200 and 599"),
        ("http_error", {"body": "x" * 10_001}, "body: at most 10000 characters"),
        ("corrupt_answer", {"how": "json"}, "how: one of xml, bytes, not 'json'"),
    ],
)
def test_refused_in_plain_words(name: str, params: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FAULTS[name].values(params)


def test_a_number_without_upper_bound_is_shown_without_one() -> None:
    shown = Param("n", "integer", 1, Text("f", "e")).as_json()
    assert (shown["least"], shown["most"]) == (0, None)


BODIES = [
    b"<a/>",
    b"<a>x</a>",
    b"<a/><!-- </a> -->",
    b"<a><![CDATA[</a>]]></a>",
    "<a>é</a>".encode("utf-16"),
    '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"),
]


@pytest.mark.parametrize("how", ["xml", "bytes"])
@pytest.mark.parametrize("body", BODIES)
def test_a_corrupt_answer_cannot_be_parsed(body: bytes, how: str) -> None:
    parse(body)
    with pytest.raises(XmlRefused):
        parse(tampered("corrupt_answer", body, how=how))


def test_the_root_of_a_multipart_answer_is_corrupt_too() -> None:
    body = b"--B\r\nContent-Type: application/xop+xml\r\n\r\n<a>x</a>\r\n--B--\r\n"
    root = tampered("corrupt_answer", body).split(b"\r\n")[3]
    with pytest.raises(XmlRefused):
        parse(root)


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("text", ["<a>é</a>", "<a>plain</a>", "<a>Ã©</a>", "<a>€</a>", "<a/>", "{}", ""])
def test_a_wrong_charset_is_never_utf_8_any_more(text: str, charset: str) -> None:
    changed = tampered("wrong_charset", text.encode(), charset=charset)
    with pytest.raises(UnicodeDecodeError):
        changed.decode()
    changed.decode(charset)
    if "</" in text:
        recoded = b'<?xml version="1.0" encoding="' + charset.encode() + b'"?>' + changed
        assert parse(recoded).tag == "a", "read in its true set, it is good XML"


def test_a_wrong_charset_keeps_the_text_it_can() -> None:
    assert tampered("wrong_charset", "<a>Établissement</a>".encode()) == "<a>Établissement</a>".encode("latin-1")


@given(st.binary(max_size=200))
def test_no_tampering_breaks_whatever_the_body(body: bytes) -> None:
    assert tampered("empty_answer", body) == b""
    for how in ("xml", "bytes"):
        assert tampered("corrupt_answer", body, how=how) != body
    changed = tampered("wrong_charset", body)
    with pytest.raises(UnicodeDecodeError):
        changed.decode()
