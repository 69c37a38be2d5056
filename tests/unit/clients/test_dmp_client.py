"""Our DMP client builds what the rooms below can read and verify, and breaks only what a message has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from simulators.clients.dmp.access import (
    NotInWorld,
    dmp_client,
    issued_of,
    named,
    patient_of,
    plain_client,
    replayable_ids,
)
from simulators.clients.dmp.client import ACTIONS, CannotBreak, DmpClient
from simulators.clients.dmp.lot import Submitter
from simulators.clients.dmp.messages import quoted
from simulators.clients.dmp.updates import FLAGS, FROM_GUARDIANS
from simulators.clients.outbound import OutboundDenied
from simulators.clients.transport import Channel, HttpAnswer, WireProblem
from simulators.core.errors import EnvironmentProblem
from simulators.core.pki import KeyPool, Pki, dn_of, format_dn
from simulators.core.soap import read_message
from simulators.core.xml import NAMESPACES, text
from simulators.core.xmldsig import SignatureRefused, verify_enveloped
from simulators.documents.metadata import entry_from_cda
from simulators.documents.papers import paper
from simulators.documents.signature import read_signature
from simulators.documents.xds.model import DocumentEntry
from simulators.population.reference import reference_population

NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
PEOPLE = reference_population()
ADULT = PEOPLE.patient("adult")
UUID = "urn:uuid:00000000-0000-4000-8000-000000000101"


@dataclass
class Caught(Channel):
    """Keeps what would have gone out."""

    posts: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        self.posts.append((path, body, headers))
        return HttpAnswer(202, {}, b"")

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    return Pki.open(folder / "pki", KeyPool(folder / "keys"), NOW)


@pytest.fixture
def client(pki: Pki) -> DmpClient:
    hospital = PEOPLE.structure("hospital")
    cachet = pki.issue_sign(hospital.struct_idnat.value, hospital.name, now=NOW)
    submitter = Submitter(PEOPLE.professional("hospital-specialist"), hospital, cachet)
    issuer = format_dn(dn_of(cachet.certificate.subject))
    return DmpClient(Caught(), submitter, issuer, replayable_ids("test"), lambda: NOW)


def sent(client: DmpClient) -> tuple[str, bytes, Mapping[str, str]]:
    assert isinstance(client.channel, Caught)
    return client.channel.posts[-1]


def letter(client: DmpClient) -> bytes:
    return paper({"kind": "discharge-letter"}, ADULT, client.professional, client.structure, client.oid(), NOW)


def entry(client: DmpClient) -> DocumentEntry:
    """The letter as a search returns it."""
    return replace(entry_from_cda(letter(client), entry_id=UUID), logical_id=UUID, version="1")


def speak(client: DmpClient, operation: str) -> None:
    acts: dict[str, Callable[[], object]] = {
        "TD0.2": lambda: client.exists(ADULT.ins),
        "TD0.3": lambda: client.authorise(ADULT.ins, "AJOUT", "MEDECIN_TRAITANT"),
        "TD2.1": lambda: client.feed(ADULT.ins, [letter(client)]),
        "TD3.1": lambda: client.search(ADULT.ins, {"$XDSDocumentEntryTypeCode": quoted("11490-0^^2.16")}),
        "TD3.2": lambda: client.retrieve(ADULT.ins, ["1.2.3"]),
        "TD3.3a": lambda: client.update_metadata("TD3.3a", ADULT.ins, entry(client), ["MASQUE_PS"]),
        "TD3.3b": lambda: client.update_metadata("TD3.3b", ADULT.ins, entry(client), []),
        "TD3.3c": lambda: client.delete(ADULT.ins, UUID),
        "TD3.3d": lambda: client.archive(ADULT.ins, UUID),
    }
    acts[operation]()


@pytest.mark.parametrize("operation", list(ACTIONS))
def test_every_message_is_read_and_its_token_verified(client: DmpClient, operation: str) -> None:
    speak(client, operation)
    path, body, headers = sent(client)
    message = read_message(headers["Content-Type"], body)
    assert message.request.action == ACTIONS[operation]
    assert message.request.message_id == client.last_message_id
    assertion = message.request.root.find(".//saml2:Assertion", dict(NAMESPACES))
    assert assertion is not None
    assert verify_enveloped(assertion).certificate_der == client.submitter.cachet.der()
    assert path.startswith("/si-dmp-server/v2/services/")


def test_only_a_search_by_the_user_says_so(client: DmpClient) -> None:
    client.search(ADULT.ins, user_act=True)
    assert sent(client)[2]["X-Sandbox-User-Act"] == "1"
    client.search(ADULT.ins, user_act=False)
    assert "X-Sandbox-User-Act" not in sent(client)[2]


def test_the_documents_of_a_lot_travel_byte_for_byte_and_are_signed(client: DmpClient) -> None:
    content = letter(client)
    _, unique_id = client.feed(ADULT.ins, [content])
    _, body, headers = sent(client)
    multipart = read_message(headers["Content-Type"], body).multipart
    assert multipart is not None
    first, signature = multipart.attachments
    assert first.content == content
    manifest = read_signature(signature.content)
    assert unique_id in str(manifest)


def test_visibility_and_a_secret_connection_travel_with_a_lot(client: DmpClient) -> None:
    client.feed(ADULT.ins, [letter(client)], visibility=[FLAGS[FROM_GUARDIANS]], connexion_secrete=True)
    body = sent(client)[1]
    assert b'nodeRepresentation="INVISIBLE_REPRESENTANTS_LEGAUX"' in body
    assert b"confidentiality-code" in body
    client.feed(ADULT.ins, [letter(client)])
    assert b"confidentiality-code" not in sent(client)[1]


def test_what_is_no_visibility_code_is_not_sent(client: DmpClient) -> None:
    with pytest.raises(ValueError, match="MASQUE_PATIENT"):
        client.update_metadata("TD3.3a", ADULT.ins, entry(client), ["MASQUE_PATIENT"])


def test_a_client_of_nobody_s_world(pki: Pki) -> None:
    """From an address and two certificates; the path of a service may stay in the address."""
    held, person = PEOPLE.structure("laboratory"), PEOPLE.professional("biologist")
    auth, cachet = (make(held.struct_idnat.value, held.name, now=NOW) for make in (pki.issue_auth_cli, pki.issue_sign))
    url = "https://127.0.0.1:1/w/w/si-dmp-server/v2/services/patients"
    ids = replayable_ids("x")
    made = plain_client(url, pki.trust(NOW), auth, cachet, held, person, ids=ids, now=lambda: NOW)
    assert (made.structure, made.professional) == (held, person)
    with pytest.raises(WireProblem):
        made.delete(ADULT.ins, UUID)
    made.close()
    with pytest.raises(OutboundDenied):
        plain_client("https://192.0.2.1/x", pki.trust(NOW), auth, cachet, held, person, ids=ids, now=lambda: NOW)


def test_the_same_seed_sends_the_same_identifiers() -> None:
    one, other = replayable_ids("s"), replayable_ids("s")
    assert [one() for _ in range(3)] == [other() for _ in range(3)]
    assert replayable_ids("t")() != replayable_ids("s")()


def test_a_list_value_is_quoted() -> None:
    assert quoted("a'b", "c") == "('a''b','c')"


@pytest.mark.parametrize(
    ("operation", "breaks", "there"),
    [
        ("TD0.2", {"existence.ins": "185010099900172"}, b'extension="185010099900172"'),
        ("TD0.2", {"vihf.Identifiant_Structure": "10B0000000"}, b">10B0000000<"),
        ("TD0.2", {"vihf.NameID": "899700000013"}, b"NameID>899700000013<"),
        ("TD2.1", {"entry.typeCode": "11490-9"}, b'nodeRepresentation="11490-9"'),
        ("TD2.1", {"entry.uniqueId": "1.2.777"}, b'value="1.2.777"'),
        ("TD3.1", {"query.id": "urn:uuid:0"}, b'AdhocQuery id="urn:uuid:0"'),
        ("TD3.2", {"retrieve.DocumentUniqueId": "1.2.888"}, b"DocumentUniqueId>1.2.888<"),
        ("TD3.3a", {"update.PreviousVersion": "7"}, b'Slot name="PreviousVersion"><ValueList><Value>7<'),
        ("TD3.3b", {"update.lid": "urn:uuid:0"}, b'lid="urn:uuid:0"'),
        ("TD3.3c", {"update.targetObject": "1.2.3"}, b'targetObject="1.2.3"'),
        ("TD3.3c", {"update.sourceObject": "Other"}, b'sourceObject="Other"'),
        ("TD3.3d", {"update.NewStatus": "Withdrawn"}, b"<Value>Withdrawn<"),
        ("TD3.3d", {"update.OriginalStatus": "Unknown"}, b"<Value>Unknown<"),
    ],
)
def test_each_wrong_byte_is_in_the_message(
    client: DmpClient, operation: str, breaks: dict[str, str], there: bytes
) -> None:
    broken = client.broken(breaks, operation)
    speak(broken, operation)
    assert there in sent(broken)[1]


def test_a_flipped_signature_fails_for_that_reason_alone(client: DmpClient) -> None:
    broken = client.broken({"signature.SignatureValue": "flip"}, "TD0.2")
    speak(broken, "TD0.2")
    root = read_message("application/soap+xml", sent(broken)[1]).request.root
    assertion = root.find(".//saml2:Assertion", dict(NAMESPACES))
    assert isinstance(assertion, etree._Element)
    with pytest.raises(SignatureRefused, match="value"):
        verify_enveloped(assertion)
    assert text(assertion)


@pytest.mark.parametrize(
    ("breaks", "operation"),
    [
        ({"nothing.known": "x"}, "TD0.2"),
        ({"vihf.": "x"}, "TD0.2"),
        ({"entry.title": "x"}, "TD2.1"),
        ({"entry.typeCode": "x"}, "TD0.2"),
        ({"query.id": "x"}, "TD3.2"),
        ({"update.lid": "x"}, "TD3.3c"),
        ({"signature.SignatureValue": "other"}, "TD0.2"),
    ],
)
def test_what_no_message_has_cannot_be_broken(client: DmpClient, breaks: dict[str, str], operation: str) -> None:
    with pytest.raises(CannotBreak):
        client.broken(breaks, operation)


def test_the_token_holds_without_what_is_left_out(client: DmpClient) -> None:
    client.exists(ADULT.ins)
    assert b"VIHF_Version" in sent(client)[1]


def world(**more: object) -> dict[str, object]:
    hospital = PEOPLE.structure("hospital")
    person = PEOPLE.professional("nurse")
    return {
        "name": "w",
        "structures": [{"id": hospital.struct_idnat.value, **hospital.to_json(), **more}],
        "professionals": [{"id": person.ps_idnat.value, **person.to_json()}],
        "patients": [{"id": ADULT.ins.matricule, **ADULT.to_json()}],
        "services": {"dmp": {"patients": "https://localhost:1/w/w/si-dmp-server/v2/services/patients"}},
    }


def test_members_are_found_by_name_and_by_identifier() -> None:
    assert named(world(), "patients", "adult") == named(world(), "patients", ADULT.ins.matricule)
    assert patient_of(world(), "adult") == ADULT
    with pytest.raises(NotInWorld, match="no nobody among its patients: adult"):
        named(world(), "patients", "nobody")


def test_who_cannot_act_is_said(tmp_path: Path) -> None:
    def speaker(described: dict[str, object], structure: str = "hospital", professional: str = "nurse") -> None:
        ids = replayable_ids("x")
        dmp_client(described, tmp_path / "roots.pem", structure, professional, ids=ids, now=lambda: NOW)

    with pytest.raises(NotInWorld, match="adopted"):
        speaker(world())
    idle = world(certificates={})
    idle["professionals"][0]["activities"] = []  # type: ignore[index]
    with pytest.raises(NotInWorld, match="no activity"):
        speaker(idle)
    files = {
        use: {form: str(tmp_path / form) for form in ("certificate", "key", "chain")} for use in ("auth_cli", "sign")
    }
    with pytest.raises(EnvironmentProblem, match="cannot be read"):
        speaker(world(certificates=files))


def test_files_of_a_pair_are_read_back(pki: Pki, tmp_path: Path) -> None:
    issued = pki.issue_auth_cli("10B0000019", "TEST", now=NOW)
    files = {form: str(path) for form, path in issued.write(tmp_path, "auth").items()}
    assert issued_of(files).der() == issued.der()
