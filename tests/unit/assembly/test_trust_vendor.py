"""The folder of ``--trust-ca``: what is an authority, what refuses the start, and what is only said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.assembly.trust_kit.told import tell
from simulators.assembly.trust_kit.vendor import read_vendor
from simulators.assembly.trusted import Trusted
from simulators.core import journal
from simulators.core.errors import EnvironmentProblem
from simulators.core.pki import ChainReason, KeyPool, Pki, Usage, chain_verdict, identified, read_certificate
from simulators.core.pki.keys import key_pem
from simulators.core.store import Store
from simulators.core.world import Worlds
from tests.support.vendor_ca import VendorCa, dn

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def ca() -> VendorCa:
    return VendorCa.root()


@pytest.fixture(scope="module")
def below(ca: VendorCa) -> VendorCa:
    return ca.below("AC INTERMEDIAIRE")


@pytest.fixture
def folder(tmp_path: Path, ca: VendorCa) -> Path:
    """The vendor's folder, with its root in it."""
    path = tmp_path / "autorités"
    path.mkdir()
    (path / "root.crt").write_bytes(ca.pem)
    return path


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def refusal(folder: Path) -> str:
    with pytest.raises(EnvironmentProblem) as caught:
        read_vendor(folder)
    return str(caught.value)


def test_without_a_folder_nothing_changes(pki: Pki, now: datetime) -> None:
    trust = pki.trust(now)
    assert read_vendor(None).added_to(trust, now, DAY) is trust
    assert read_vendor(None).notes(now) == ()


@pytest.mark.parametrize(("name", "form"), [("a.pem", "pem"), ("a.CRT", "pem"), ("a.cer", "der"), ("a.der", "der")])
def test_an_authority_is_read_in_every_form(tmp_path: Path, ca: VendorCa, name: str, form: str) -> None:
    (tmp_path / name).write_bytes(ca.pem if form == "pem" else ca.der)
    (tmp_path / "notes.txt").write_text("left alone")
    assert read_vendor(tmp_path).roots == (ca.certificate,)


def test_roots_and_intermediates_are_told_apart_and_counted_once(folder: Path, ca: VendorCa, below: VendorCa) -> None:
    (folder / "chain.pem").write_bytes(b"# comment\n" + below.pem + ca.pem)
    found = read_vendor(folder)
    assert found.roots == (ca.certificate,)
    assert found.intermediates == (below.certificate,)


def test_what_they_issue_is_trusted_and_known_as_its_structure(
    folder: Path, ca: VendorCa, below: VendorCa, pki_folder: Path, keys: KeyPool, now: datetime
) -> None:
    (folder / "below.pem").write_bytes(below.pem)
    (folder / "structures.csv").write_text("subject;structure\nCN=POSTE-12;10B0999009\n")
    ours = Pki.open(pki_folder, keys, now)
    trust = Trusted(ours, pki_folder, read_vendor(folder)).at(now)
    assert not trust.crls_complete
    for issuer in (ca, below):
        auth, sign = issuer.leaf(dn(CN="POSTE-12")), issuer.leaf(dn(CN="AUTRE"), sign=True)
        assert chain_verdict(read_certificate(auth.der()), trust, now, Usage.TLS_CLIENT) is None
        assert identified(read_certificate(auth.der()), trust.subjects).struct_idnat == "10B0999009"
        assert chain_verdict(read_certificate(sign.der()), trust, now, Usage.SIGNATURE) is None
        assert identified(read_certificate(sign.der()), trust.subjects).struct_idnat is None
    lapsed = read_certificate(ca.leaf(dn(CN="POSTE-12"), expired=True).der())
    assert chain_verdict(lapsed, trust, now) is ChainReason.EXPIRED
    other = read_certificate(VendorCa.root("AC INCONNUE").leaf(dn(CN="POSTE-12")).der())
    assert chain_verdict(other, trust, now) is ChainReason.FOREIGN_ISSUER
    issued = ours.issue_auth_cli("10B0000019", "TEST", now=now)
    assert chain_verdict(read_certificate(issued.der()), trust, now) is None


@pytest.mark.parametrize("name", ["ca.crl", "liste.CRL"])
def test_its_list_is_checked_in_the_handshake_while_every_authority_has_one(
    folder: Path, ca: VendorCa, below: VendorCa, pki: Pki, now: datetime, name: str
) -> None:
    bad = ca.leaf(dn(CN="POSTE-13"))
    (folder / name).write_bytes(ca.crl([bad.serial]))
    trust = read_vendor(folder).added_to(pki.trust(now), now, DAY)
    assert trust.crls_complete
    assert chain_verdict(read_certificate(bad.der()), trust, now) is ChainReason.REVOKED
    (folder / "below.pem").write_bytes(below.pem)
    wider = read_vendor(folder)
    assert not wider.added_to(pki.trust(now), now, DAY).crls_complete
    assert wider.unchecked(now) == (below.certificate,)


def test_a_list_out_of_date_refuses_nobody_but_whom_it_revokes(
    folder: Path, ca: VendorCa, pki: Pki, now: datetime
) -> None:
    good, bad = ca.leaf(dn(CN="POSTE-12")), ca.leaf(dn(CN="POSTE-13"))
    (folder / "ca.crl").write_bytes(ca.crl([bad.serial], next_update=DAY / 2))
    vendor = read_vendor(folder)
    assert vendor.notes(now) == ()
    assert len(vendor.notes(now + DAY)) == 1
    trust = vendor.added_to(pki.trust(now), now, DAY)
    assert not trust.crls_complete
    assert chain_verdict(read_certificate(good.der()), trust, now) is None
    assert chain_verdict(read_certificate(bad.der()), trust, now) is ChainReason.REVOKED


def test_no_list_and_lapsed_dates_are_said_in_both_languages(folder: Path, now: datetime) -> None:
    vendor = read_vendor(folder)
    assert [note.en for note in vendor.notes(now)] == [
        "--trust-ca: no CRL in force of CN=AC TEST EDITEUR,O=EDITEUR,C=FR; the revocation of its certificates is not "
        "checked."
    ]
    later = vendor.notes(now + 400 * DAY)
    assert "refused" in later[1].en and "refusés" in later[1].fr


def test_it_is_told_in_the_journal(folder: Path, memory_store: Store, now: datetime) -> None:
    worlds = Worlds(memory_store, lambda: now)
    tell(worlds, read_vendor(None))
    assert not list(journal.read(memory_store, "-"))
    tell(worlds, read_vendor(folder))
    (row,) = journal.read(memory_store, "-")
    assert row.operation == "trust.vendor"
    assert row.marks["authorities"] == ["CN=AC TEST EDITEUR,O=EDITEUR,C=FR"]
    assert row.marks["warnings"][0]["fr"].startswith("--trust-ca : pas de CRL")


def test_a_self_signed_leaf_is_no_authority(folder: Path, ca: VendorCa) -> None:
    leaf = VendorCa(ca.leaf(dn(CN="seul"), key=ca.key).certificate, ca.key)
    (folder / "leaf.pem").write_bytes(leaf.pem)
    said = refusal(folder)
    assert "leaf.pem" in said and "no authority" in said and "CN=seul" in said


def test_an_intermediate_alone_wants_its_root(tmp_path: Path, below: VendorCa) -> None:
    (tmp_path / "below.pem").write_bytes(below.pem)
    said = refusal(tmp_path)
    assert "below.pem" in said and "CN=AC TEST EDITEUR,O=EDITEUR,C=FR, which is not in this folder" in said


def test_a_namesake_does_not_carry_the_signature(tmp_path: Path, below: VendorCa) -> None:
    (tmp_path / "a-root.pem").write_bytes(VendorCa.root().pem)
    (tmp_path / "below.pem").write_bytes(below.pem)
    assert "does not carry the signature" in refusal(tmp_path)


def test_a_private_key_does_not_belong_there(folder: Path, ca: VendorCa) -> None:
    (folder / "ca.key.pem").write_bytes(key_pem(ca.key))
    assert "ca.key.pem" in refusal(folder) and "private key" in refusal(folder)


@pytest.mark.parametrize("data", [b"", b"bonjour", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
@pytest.mark.parametrize("name", ["x.pem", "x.der", "x.crl", "structures.csv"])
def test_a_malformed_file_is_named_with_its_reason(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)
    assert f"{folder / name}: " in refusal(folder)


def test_the_list_of_another_authority_is_refused(folder: Path, ca: VendorCa) -> None:
    (folder / "x.crl").write_bytes(VendorCa.root("AC INCONNUE").crl())
    assert "CN=AC INCONNUE" in refusal(folder) and "not in this folder" in refusal(folder)
    (folder / "x.crl").write_bytes(VendorCa.root().crl())
    assert "does not carry its signature" in refusal(folder)


def test_a_folder_without_authority_or_no_folder_is_refused(tmp_path: Path) -> None:
    assert "no authority there" in refusal(tmp_path)
    assert "absent" in refusal(tmp_path / "absent")
    (tmp_path / "file").write_text("")
    assert "file" in refusal(tmp_path / "file")


@settings(max_examples=120, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("what", ["ca.der", "ca.crl"])
def test_a_damaged_file_is_read_or_refused_never_a_crash(
    ca: VendorCa, pki: Pki, tmp_path_factory: pytest.TempPathFactory, what: str, data: st.DataObject
) -> None:
    damaged = bytearray(ca.der if what == "ca.der" else ca.crl([1, 2]))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "ca.der").write_bytes(ca.der)
    (folder / what).write_bytes(damaged)
    now = datetime.now(UTC)
    try:
        vendor = read_vendor(folder)
        vendor.added_to(pki.trust(now), now, DAY)
        vendor.notes(now)
    except EnvironmentProblem as problem:
        assert what in str(problem)
