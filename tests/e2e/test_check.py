"""``check``: what a file is, and every finding with its place in that file."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulators.assembly.examine import Examined, Examiner, NotKnown
from simulators.assembly.settings import Settings
from simulators.clients.dmp.access import dmp_client, patient_of, replayable_ids
from simulators.clients.transport import Channel, HttpAnswer
from simulators.core.rules import Policy
from simulators.core.xml import NAMESPACES, parse
from simulators.documents.papers import paper
from simulators.documents.pdf import Paragraph, pdf_a1b
from simulators.sandbox import Sandbox
from tests.support.running import command

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "xdm"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One PKI: the files are made and examined under it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def own(cache: Path) -> Iterator[Sandbox]:
    """A sandbox as ``check`` starts it."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    with Sandbox(Settings(random_ports=True, publish=False, readiness=False, environment=environment)) as running:
        yield running


@pytest.fixture(scope="module")
def examiner(own: Sandbox) -> Examiner:
    return Examiner(own)


class Caught(Channel):
    """Keeps what our client would send."""

    def __init__(self) -> None:
        self.last: tuple[bytes, Mapping[str, str]] = (b"", {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        self.last = (body, headers)
        return HttpAnswer(0, {}, b"")

    def close(self) -> None:
        """Nothing is open."""


class Maker:
    """Files as a product would save them, made in a world of the same sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        sandbox.worlds.ensure("maker")
        world = sandbox.describe("maker")
        # The trust files are written with the endpoints; here only the structure's own chain is needed.
        roots = Path(world["structures"][0]["certificates"]["sign"]["chain"])
        ids = replayable_ids("maker")
        made = dmp_client(world, roots, "hospital", "hospital-specialist", ids=ids, now=sandbox.now)
        self.channel = Caught()
        made.channel = self.channel
        self.client, self.patient, self.now = made, patient_of(world, "adult"), sandbox.now

    def cda(self) -> bytes:
        plan = {"kind": "discharge-letter"}
        return paper(plan, self.patient, self.client.professional, self.client.structure, self.client.oid(), self.now())

    def existence(self, **breaks: str) -> bytes:
        self.client.broken({name.replace("__", "."): value for name, value in breaks.items()}).exists(self.patient.ins)
        return self.channel.last[0]

    def feed(self, **breaks: str) -> bytes:
        broken = self.client.broken({name.replace("__", "."): value for name, value in breaks.items()})
        broken.feed(self.patient.ins, [self.cda()])
        return self.channel.last[0]

    def reference(self) -> bytes:
        self.client.reference(self.patient.ins, "1.2.3")
        return self.channel.last[0]


@pytest.fixture(scope="module")
def maker(own: Sandbox) -> Maker:
    return Maker(own)


def token(message: bytes) -> bytes:
    """The bytes of the assertion, as they stand in the message."""
    return (
        b"<saml2:Assertion"
        + message.partition(b"<saml2:Assertion")[2].partition(b"</saml2:Assertion>")[0]
        + (b"</saml2:Assertion>")
    )


def found(examined: Examined, rule: str) -> Mapping[str, Any]:
    return next(finding for finding in examined.findings if finding["rule"] == rule)


def at(xml: bytes, where: str) -> str:
    """The text of the only place that ``where`` leads to."""
    return str(parse(xml).getroottree().xpath(f"string(({where})[count(({where})) = 1])", namespaces=dict(NAMESPACES)))


def refusing(examined: Examined) -> list[str]:
    return [f["rule"] for part in examined.flat() for f in part.findings if f["level"] == "refuse"]


def examine(examiner: Examiner, folder: Path, data: bytes, name: str = "file") -> Examined:
    path = folder / name
    path.write_bytes(data)
    return examiner.examine(path)


# -- the published samples --------------------------------------------------------------------------------------------


def samples() -> list[Path]:
    return sorted(SAMPLES.glob("*.zip"))


@pytest.fixture(scope="module")
def judged(examiner: Examiner) -> dict[str, Examined]:
    if not samples():
        why = "the published samples (folder shared/samples/xdm beside the checkout) are absent"
        (pytest.fail if os.environ.get("SEGUR_REQUIRE_SHARED") == "1" else pytest.skip)(why)
    return {path.stem: examiner.examine(path) for path in samples()}


def test_every_sample_is_an_archive_around_one_document(judged: dict[str, Examined]) -> None:
    assert len(judged) == 18
    for name, examined in judged.items():
        assert examined.kind == "XDM archive", name
        assert [part.kind[:10] for part in examined.inside] == ["CDA, level"], name
        assert "SIM-BUG" not in refusing(examined), name


def test_every_finding_of_the_samples_has_its_place(judged: dict[str, Examined]) -> None:
    for name, examined in judged.items():
        for part in examined.flat():
            root = parse(part.data).getroottree() if part.kind.startswith("CDA") else None
            for finding in part.findings:
                where = finding["where"]
                assert where, (name, finding["rule"])
                assert finding["sentence"]["fr"]
                assert finding["mend"]["en"]
                if root is not None and not where.startswith("/soap:Envelope"):
                    assert root.xpath(where, namespaces=dict(NAMESPACES)), (name, where)


def test_what_the_samples_are_known_for(judged: dict[str, Examined]) -> None:
    styled = {name for name, examined in judged.items() if found_in(examined, "DMP-LOT-CDA-STYLESHEET")}
    assert set(judged) - styled == {"CANCER-PPS_2022.01_Autopresentable"}
    # Two archives hold one document in two states: neither is judged by the other.
    assert not found_in(judged["BIO-CR-BIO_2021.01_Microbiologie_V2_Delete"], "DMP-LOT-DUPLICATE")
    assert refusing(judged["LDL-SES_2022.01"]) == []


def found_in(examined: Examined, rule: str) -> bool:
    return any(finding["rule"] == rule for part in examined.flat() for finding in part.findings)


# -- one file of each kind --------------------------------------------------------------------------------------------


def test_a_good_cda_has_nothing_to_mend(examiner: Examiner, maker: Maker, tmp_path: Path) -> None:
    examined = examine(examiner, tmp_path, maker.cda())
    assert (examined.kind, refusing(examined)) == ("CDA, level 1", [])
    assert examine(examiner, tmp_path, maker.cda()).findings == examined.findings


def test_a_wrong_ins_is_found_in_a_cda(examiner: Examiner, maker: Maker, tmp_path: Path) -> None:
    good = maker.patient.ins.matricule
    wrong = good[:-2] + f"{(int(good[-2:]) + 1) % 97:02d}"
    examined = examine(examiner, tmp_path, maker.cda().replace(good.encode(), wrong.encode()))
    assert examined.refused
    assert any(wrong in finding["found"] for finding in examined.findings)


@pytest.mark.parametrize("declaration", [b"", b"\xef\xbb\xbf", b'<?xml version="1.0" encoding="UTF-8"?>\n'])
def test_a_good_token(examiner: Examiner, maker: Maker, tmp_path: Path, declaration: bytes) -> None:
    for message in (maker.existence(), maker.reference()):
        examined = examine(examiner, tmp_path, declaration + token(message))
        assert (examined.kind, refusing(examined)) == ("VIHF", [])


def test_a_broken_token_is_found_in_the_token(examiner: Examiner, maker: Maker, tmp_path: Path) -> None:
    flipped = token(maker.existence(signature__SignatureValue="flip"))
    seal = found(examine(examiner, tmp_path, flipped), "DMP-SEC-SIGNATURE")
    assert seal["where"] == "/saml2:Assertion/ds:Signature/ds:SignatureValue"
    assert parse(flipped).getroottree().xpath(seal["where"], namespaces=dict(NAMESPACES))
    other = token(maker.existence(vihf__VIHF_Version="9.9"))
    examined = examine(examiner, tmp_path, other)
    version = next(finding for finding in examined.findings if finding["found"] == "9.9")
    assert "9.9" in at(other, version["where"])


def test_a_soap_message(examiner: Examiner, maker: Maker, tmp_path: Path) -> None:
    good = examine(examiner, tmp_path, maker.existence())
    assert (good.kind, refusing(good)) == ("SOAP message PRPA_IN201307UV02", [])
    message = maker.existence(existence__ins="185010099900172")
    bad = found(examine(examiner, tmp_path, message), "DMP-TD02-INS-KEY")
    assert at(message, bad["where"]) == "185010099900172"


def test_an_mtom_message(examiner: Examiner, maker: Maker, tmp_path: Path) -> None:
    good = examine(examiner, tmp_path, maker.feed())
    assert (good.kind, refusing(good)) == ("SOAP message ProvideAndRegisterDocumentSetRequest", [])
    bad = examine(examiner, tmp_path, maker.feed(entry__typeCode="11490-9"))
    assert found(bad, "DMP-LOT-TYPE")["where"].startswith("/soap:Envelope/soap:Body/")
    cut = examine(examiner, tmp_path, maker.feed()[:-200])
    assert cut.refused


def test_no_file_is_judged_by_another(examiner: Examiner, maker: Maker, tmp_path: Path) -> None:
    cda = maker.cda()
    first, again = (examine(examiner, tmp_path, cda, name) for name in ("first", "again"))
    assert refusing(first) == refusing(again) == []


def test_the_strict_profile(own: Sandbox, maker: Maker, tmp_path: Path, judged: dict[str, Examined]) -> None:
    strict = Examiner(own, Policy(profile="strict"))
    one = next(path for path in samples() if path.stem == "LDL-SES_2022.01")
    for _ in range(2):
        assert "DMP-LOT-CDA-STYLESHEET" in refusing(strict.examine(one))
    Examiner(own)


# -- hostile and unknown files ----------------------------------------------------------------------------------------


def archive(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name.replace("__", "/"), data)
    return held.getvalue()


def bomb() -> bytes:
    return archive(IHE_XDM__SUBSET01__BIG=b"\0" * (60 << 20))


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (bomb(), "IHE_XDM/SUBSET01/BIG"),
        (archive(**{"../evil": b"x"}), "../evil"),
        (b"PK\x03\x04" + b"\0" * 200, "file"),
        (archive(IHE_XDM__SUBSET01__METADATA_XML=b"")[:-30], "file"),
    ],
)
def test_a_hostile_archive_is_refused_with_its_place(
    examiner: Examiner, tmp_path: Path, data: bytes, where: str
) -> None:
    examined = examine(examiner, tmp_path, data)
    assert (examined.kind, refusing(examined)) == ("XDM archive", ["CHECK-UNREADABLE"])
    assert examined.findings[0]["where"] == where


HOSTILE_XML = [
    b'<!DOCTYPE a [<!ENTITY b "b">]><ClinicalDocument xmlns="urn:hl7-org:v3">&b;</ClinicalDocument>',
    b"<a>" * 100_000,
    b"<a",
    b"\xff\xfe\xff",
    b"",
]


@pytest.mark.parametrize(
    "data",
    [
        pdf_a1b(
            "T",
            [Paragraph("p")],
            created=datetime(2026, 1, 1, tzinfo=UTC),
        ),
        b"%PDF-1.4",
        b"hello",
        b"<html/>",
        b'<Assertion xmlns="urn:oasis:names:tc:SAML:1.0:assertion"/>',
        archive(word__document_xml=b"<w/>"),
        *HOSTILE_XML,
    ],
)
def test_what_is_of_no_kind_is_said(examiner: Examiner, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NotKnown, match=r"^file: "):
        examine(examiner, tmp_path, data)


@pytest.mark.parametrize(
    "data",
    [
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>',
        b"<ClinicalDocument/>",
        b'<ClinicalDocument xmlns="urn:hl7-org:v3"><author><assignedAuthor><representedOrganization>'
        b'<id root="1.2.250.1.71.4.2.2" extension="../../../x&#x9;"/></representedOrganization></assignedAuthor>'
        b"</author></ClinicalDocument>",
        b'<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"/>',
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>',
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>',
        b"--b\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--b--",
    ],
)
def test_an_empty_shell_is_refused_and_breaks_nothing(examiner: Examiner, tmp_path: Path, data: bytes) -> None:
    examined = examine(examiner, tmp_path, data)
    assert examined.refused
    assert "SIM-BUG" not in refusing(examined), examined.findings
    assert all(finding["where"] for finding in examined.findings)


def test_a_document_of_another_kind_inside_an_archive_stops_nothing(
    examiner: Examiner,
) -> None:
    examined = examiner._held("LETTER.PDF", b"%PDF-1.4")
    assert examined.kind == "document of another kind"
    assert "LETTER.PDF" in examined.facts[0]


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_and_its_exit_codes(cache: Path, tmp_path: Path, maker: Maker) -> None:
    good, bad, odd = tmp_path / "good.xml", tmp_path / "bad.xml", tmp_path / "odd.pdf"
    good.write_bytes(maker.cda())
    bad.write_bytes(maker.existence(existence__ins="185010099900172"))
    odd.write_bytes(b"%PDF-1.4")
    refused = command(cache, "check", str(good), str(bad), "--json")
    assert refused.returncode == 1, refused.stderr
    told = json.loads(refused.stdout)
    assert [one["name"] for one in told] == ["good.xml", "bad.xml"]
    assert any(f["rule"] == "DMP-TD02-INS-KEY" for f in told[1]["findings"])
    unknown = command(cache, "check", str(good), str(odd), str(tmp_path / "none"), str(tmp_path))
    assert unknown.returncode == 2
    assert "good.xml: CDA, level 1" in unknown.stdout
    assert len(unknown.stderr.splitlines()) == 3
    assert "odd.pdf: neither an archive nor readable XML" in unknown.stderr
    assert "Traceback" not in unknown.stderr
    assert not list(cache.glob("segur-sandbox/run/endpoints.json"))


def test_the_command_masks_what_looks_real(cache: Path, tmp_path: Path, maker: Maker) -> None:
    good = maker.patient.ins
    real = maker.cda().replace(b"1.2.250.1.213.1.4.10", b"1.2.250.1.213.1.4.8")
    path = tmp_path / "real.xml"
    path.write_bytes(real.replace(good.matricule.encode(), b"185010099900172"))
    told = command(cache, "check", str(path), "--strict")
    assert told.returncode == 1, told.stderr
    path.write_bytes(real)
    assert good.matricule not in command(cache, "check", str(path), "--strict").stdout
