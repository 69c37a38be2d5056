from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

from simulators.core.pki import (
    CertificateFacts,
    Holder,
    IssuedCertificate,
    KeyPool,
    NameRefused,
    Pki,
    PkiUnreadable,
    Validity,
    chain_verdict,
    hierarchy,
    read_certificate,
)

CLIENT_AUTH, EMAIL, SERVER_AUTH = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.1"


def facts(issued: IssuedCertificate) -> CertificateFacts:
    return read_certificate(issued.der())


def test_auth_cli_profile(auth_cli: IssuedCertificate, now: datetime) -> None:
    found = facts(auth_cli)
    assert found.key_usages == frozenset({"digital_signature"})
    assert found.ekus == frozenset({CLIENT_AUTH})
    assert found.struct_idnat == "10B0999009"
    assert found.values("2.5.4.10") == ("SIMULATION SEGUR SANDBOX", "SIMULATION CENTRE FICTIF")
    assert found.is_auth_profile and not found.is_signature_profile and not found.is_ca
    assert found.not_before == now.replace(microsecond=0) - timedelta(days=1)
    assert found.not_after == now.replace(microsecond=0) + timedelta(days=3 * 365)
    assert auth_cli.certificate.signature_hash_algorithm is not None
    assert auth_cli.certificate.signature_hash_algorithm.name == "sha256"
    assert auth_cli.key.key_size == 2048


def test_sign_profile_carries_the_same_dn_and_another_key(pki: Pki, auth_cli: IssuedCertificate, now: datetime) -> None:
    sign = pki.issue_sign("10B0999009", "CENTRE FICTIF", now=now)
    assert facts(sign).key_usages == frozenset({"digital_signature", "content_commitment"})
    assert facts(sign).ekus is None
    assert facts(sign).is_signature_profile and not facts(sign).is_auth_profile
    assert sign.certificate.subject == auth_cli.certificate.subject
    assert sign.key is not auth_cli.key
    national = pki.issue_sign("10B0999009", "CENTRE FICTIF", now=now, email_protection=True)
    assert facts(national).ekus == frozenset({EMAIL})


def test_server_profile(server: IssuedCertificate, now: datetime) -> None:
    found = facts(server)
    assert found.key_usages == frozenset({"digital_signature", "key_encipherment"})
    assert found.ekus == frozenset({SERVER_AUTH})
    assert found.common_name == "localhost"
    assert found.is_server_profile and not found.is_auth_profile
    names = server.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "dmp.test"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert found.not_after == now.replace(microsecond=0) + timedelta(days=397)


def test_a_professional_has_a_multi_valued_rdn_and_its_own_authority(pki: Pki, now: datetime) -> None:
    arguments = ("899700000013", "FICTIF", "CAMILLE", "Médecin")
    auth = facts(pki.issue_person_auth(*arguments, now=now))
    sign = facts(pki.issue_person_sign(*arguments, now=now))
    assert auth.subject == sign.subject
    assert auth.subject[-1] == {("2.5.4.3", "899700000013"), ("2.5.4.4", "FICTIF"), ("2.5.4.42", "CAMILLE")}
    assert auth.title == "Médecin" and auth.struct_idnat is None
    assert "PERSONNES" in auth.issuer_dn
    assert auth.is_auth_profile and sign.is_signature_profile


def test_the_chain_leads_to_the_constrained_root(pki: Pki, auth_cli: IssuedCertificate) -> None:
    issuing, root = auth_cli.chain
    auth_cli.certificate.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    assert root == pki.roots[0]
    for certificate in (issuing, root):
        extension = certificate.extensions.get_extension_for_class(x509.NameConstraints)
        assert not extension.critical  # Go would refuse the root: it knows no directoryName constraint
        assert x509.DNSName("localhost") in (extension.value.permitted_subtrees or ())


def test_pointers_name_the_crl_and_ocsp_addresses(auth_cli: IssuedCertificate) -> None:
    extensions = auth_cli.certificate.extensions
    points = extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    access = extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert points[0].full_name == [x509.UniformResourceIdentifier("http://localhost:18001/crl/organisations-1.crl")]
    assert access[0].access_method == AuthorityInformationAccessOID.OCSP
    assert access[0].access_location.value == "http://localhost:18001/ocsp"


def test_nothing_national_in_our_certificates(pki: Pki, auth_cli: IssuedCertificate) -> None:
    for certificate in (auth_cli.certificate, *auth_cli.chain):
        oids = {extension.oid for extension in certificate.extensions}
        assert ExtensionOID.CERTIFICATE_POLICIES not in oids
        assert not any(oid.dotted_string.startswith("1.2.250.1") for oid in oids)
        assert "ASIP" not in certificate.subject.rfc4514_string()
        assert "SIMULATION" in certificate.subject.rfc4514_string()


def test_insi_certificates_have_the_common_name_insi_wants(pki: Pki, now: datetime) -> None:
    found = facts(pki.issue_auth_cli("10B0999009", "CENTRE FICTIF", now=now, common_name="INSI-AUTO"))
    assert found.common_name == "INSI-AUTO" and found.struct_idnat == "10B0999009"


def test_a_common_name_that_reads_as_a_forbidden_host_is_refused(pki: Pki, now: datetime) -> None:
    with pytest.raises(NameRefused, match="host name"):
        pki.issue_auth_cli("10B0999009", "CENTRE FICTIF", now=now, common_name="serveur.chu.example")
    assert pki.issue_auth_cli("10B0999009", "CENTRE FICTIF", now=now, common_name="serveur.test")


def test_reopening_gives_the_same_root_even_without_the_cache(new_pki: Pki, tmp_path: Path, now: datetime) -> None:
    again = Pki.open(tmp_path / "pki", KeyPool(tmp_path / "empty", leaf_keys=2), now + timedelta(days=9))
    assert again.roots == new_pki.roots
    assert again.authorities["organisations-1"].certificate == new_pki.authorities["organisations-1"].certificate


def test_the_authorities_point_to_the_ports_of_this_start(
    new_pki: Pki, pool: KeyPool, tmp_path: Path, now: datetime, serials: Callable[[], int], holder: Holder
) -> None:
    before = new_pki.issue_auth_cli(holder.struct_idnat, holder.name, now=now)
    again = Pki.open(tmp_path / "pki", pool, now, serials=serials, url_base="http://localhost:19001/")
    silent = Pki.open(tmp_path / "pki", pool, now)
    assert again.roots == silent.roots == new_pki.roots
    assert [a.certificate for a in silent.authorities.values()] == [a.certificate for a in new_pki.authorities.values()]
    for old, new in zip(new_pki.hierarchies[0].issuing, again.hierarchies[0].issuing, strict=True):
        points = new.certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        assert [name.value for point in points for name in point.full_name or ()] == [
            "http://localhost:19001/crl/root-1.crl"
        ]
        assert new.certificate.subject == old.certificate.subject
        assert new.certificate.serial_number != old.certificate.serial_number
        for kind in (x509.NameConstraints, x509.SubjectKeyIdentifier, x509.KeyUsage):
            found = [c.extensions.get_extension_for_class(kind).value for c in (old.certificate, new.certificate)]
            assert found[0] == found[1]
    assert chain_verdict(read_certificate(before.der()), again.trust(now), now) is None


def test_names_given_at_the_first_open_are_in_the_first_root(pool: KeyPool, tmp_path: Path, now: datetime) -> None:
    pki = Pki.open(tmp_path, pool, now, ["sandbox.chu.example", "203.0.113.5"])
    issued = pki.issue_server(["dmp.sandbox.chu.example"], ["203.0.113.5"], now=now)
    assert len(pki.roots) == 1 and issued.chain[-1] == pki.roots[0]


def test_a_later_name_means_a_second_root_and_never_a_wider_first_one(
    new_pki: Pki, pool: KeyPool, tmp_path: Path, now: datetime
) -> None:
    first = new_pki.roots[0]
    widened = Pki.open(tmp_path / "pki", pool, now, ["sandbox.chu.example", "localhost"])
    assert widened.roots[0] == first and len(widened.roots) == 2
    assert widened.roots[1].subject != first.subject
    issued = widened.issue_server(["sandbox.chu.example", "localhost"], now=now)
    assert issued.chain[-1] == widened.roots[1]
    assert widened.issue_server(["localhost"], now=now).chain[-1] == first
    assert set(widened.authorities) == {f"{role}-{n}" for n in (1, 2) for role in ("root", "organisations", "persons")}
    assert len(Pki.open(tmp_path / "pki", pool, now, ["sandbox.chu.example"]).roots) == 2
    new_pki.reload()
    assert new_pki.roots == widened.roots


def test_a_server_name_nobody_covers_founds_a_root(new_pki: Pki, now: datetime) -> None:
    issued = new_pki.issue_server(["sandbox.chu.example"], now=now)
    assert len(new_pki.roots) == 2 and issued.chain[-1] == new_pki.roots[1]


def test_of_two_processes_founding_at_once_one_wins(
    pool: KeyPool, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, winners = hierarchy._found, []

    def overtaken(founding: hierarchy.Founding) -> hierarchy.Hierarchy:
        mine = found(founding)
        monkeypatch.setattr(hierarchy, "_found", found)
        winners.append(Pki.open(tmp_path, pool, now))
        return mine

    monkeypatch.setattr(hierarchy, "_found", overtaken)
    loser = Pki.open(tmp_path, pool, now, ["sandbox.chu.example"])
    assert loser.roots[0] == winners[0].roots[0]
    assert loser.hierarchies[1].covers("sandbox.chu.example"), "the loser's names went to a second root"
    assert sorted(path.name for path in (tmp_path / "hierarchies").iterdir()) == ["1", "2"]


def test_a_damaged_folder_says_which_file(new_pki: Pki, pool: KeyPool, tmp_path: Path, now: datetime) -> None:
    (tmp_path / "pki" / "hierarchies" / "1" / "persons-1.key.pem").write_bytes(b"")
    with pytest.raises(PkiUnreadable, match="persons-1"):
        Pki.open(tmp_path / "pki", pool, now)


def test_an_instant_without_time_zone_is_refused(pki: Pki) -> None:
    with pytest.raises(ValueError, match="time zone"):
        pki.issue_auth_cli("10B0999009", "CENTRE FICTIF", now=datetime(2026, 1, 5, 8, 30))


def test_a_server_certificate_needs_a_name(pki: Pki, now: datetime) -> None:
    with pytest.raises(ValueError, match="needs a DNS name"):
        pki.issue_server([], now=now)
    with pytest.raises(ValueError, match="does not appear to be an IPv4"):
        pki.issue_server([], ["localhost"], now=now)


def test_every_certificate_has_its_own_serial_and_fingerprint(pki: Pki, now: datetime) -> None:
    issued = [pki.issue_auth_cli("10B0999009", "CENTRE FICTIF", now=now) for _ in range(5)]
    assert len({one.serial for one in issued}) == len({one.fingerprint for one in issued}) == 5


def test_serials_and_dates_alone_decide_the_bytes(pool: KeyPool, tmp_path: Path) -> None:
    def open_at(folder: str) -> Pki:
        numbers: Callable[[], int] = iter(range(1, 99)).__next__
        return Pki.open(tmp_path / folder, pool, datetime(2026, 1, 5, tzinfo=UTC), serials=numbers)

    at = datetime(2026, 1, 5, tzinfo=UTC)
    validity = Validity(at, at + timedelta(days=1))
    first, second = (open_at(f).issue_auth_cli("SIM-ANY", "TOUS", now=at, validity=validity) for f in "ab")
    assert first.der() == second.der()


def test_write_gives_every_form(auth_cli: IssuedCertificate, tmp_path: Path) -> None:
    paths = auth_cli.write(tmp_path / "out", "auth", password="simulation")
    assert set(paths) == {"certificate", "key", "chain", "der", "pkcs12", "pkcs12_legacy"}
    assert paths["der"].read_bytes() == auth_cli.der()
    assert auth_cli.presented_pem().count(b"BEGIN CERTIFICATE") == 2
    assert paths["chain"].read_bytes().count(b"BEGIN CERTIFICATE") == 2
    for private in ("key", "pkcs12", "pkcs12_legacy"):
        assert stat.S_IMODE(paths[private].stat().st_mode) & 0o077 == 0
    for form in ("pkcs12", "pkcs12_legacy"):
        bundle = pkcs12.load_pkcs12(paths[form].read_bytes(), b"simulation")
        assert bundle.cert is not None and bundle.cert.certificate == auth_cli.certificate
        assert {extra.certificate for extra in bundle.additional_certs} == set(auth_cli.chain)
        assert bundle.key is not None
    assert set(auth_cli.write(tmp_path, "bare")) == {"certificate", "key", "chain", "der"}


def test_what_is_there_already_is_not_written_again(auth_cli: IssuedCertificate, tmp_path: Path) -> None:
    paths = auth_cli.write(tmp_path, "auth_cli")
    seen = {path: path.stat().st_mtime_ns for path in paths.values()}
    paths["key"].write_bytes(b"damaged")
    assert auth_cli.write(tmp_path, "auth_cli") == paths
    assert paths["key"].read_bytes() == auth_cli.key_pem()
    assert {path for path in seen if path.stat().st_mtime_ns == seen[path]} >= set(seen) - {paths["key"]}


def test_the_two_pkcs12_differ_by_their_encryption(auth_cli: IssuedCertificate) -> None:
    legacy_pbe = bytes.fromhex("2a864886f70d010c0103")  # pbeWithSHAAnd3-KeyTripleDES-CBC
    assert legacy_pbe in auth_cli.pkcs12("secret", legacy=True)
    assert legacy_pbe not in auth_cli.pkcs12("secret")
    with pytest.raises(ValueError, match="password"):
        auth_cli.pkcs12("")


def test_a_key_never_shows_in_a_repr(auth_cli: IssuedCertificate, pki: Pki) -> None:
    assert "key" not in repr(auth_cli).lower().replace("publickey", "")
    assert "PRIVATE" not in repr(pki.authorities)
