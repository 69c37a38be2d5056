"""A product nobody of the project wrote meets the sandbox: requests, lxml, signxml, cryptography, zeep.

It imports nothing of the sandbox and knows it only by endpoints.json. What it sends must come back byte for byte;
its wrong messages must be refused with the codes of the protocol. The seed of its identifiers is printed when a test
fails; ``SEGUR_INTEROP_SEED`` plays it again.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.interop import endpoints as finding
from tests.interop.python import cda, metadata, names, soap, td02, td31, vihf
from tests.interop.python.client import DmpClient, Services
from tests.interop.python.control import Control
from tests.interop.python.identity import Identity, Patient, Professional, Structure, new_identity, new_structure
from tests.interop.python.metadata import Entry
from tests.interop.python.samples import ARCHIVES, LIAISON_LETTER, archive, missing

pytestmark = pytest.mark.interop

ACCESS_DENIED = "DMPAccessDeniedByRightsService"

Product = Callable[..., DmpClient]
Document = tuple[Entry, bytes]


@pytest.fixture(scope="module")
def seed() -> int:
    return int(os.environ.get("SEGUR_INTEROP_SEED") or secrets.randbits(32))


@pytest.fixture
def rng(seed: int, request: pytest.FixtureRequest) -> random.Random:
    print(f"SEGUR_INTEROP_SEED={seed}")
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture
def who(rng: random.Random) -> Identity:
    return new_identity(rng)


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[finding.Endpoints]:
    with finding.sandbox(tmp_path_factory.mktemp("sandbox")) as found:
        yield found


@pytest.fixture(scope="module")
def control(endpoints: finding.Endpoints) -> Control:
    return Control(endpoints)


@pytest.fixture
def product(endpoints: finding.Endpoints, control: Control, tmp_path: Path) -> Product:
    """``product(who, world=None)``: the product installed for ``who``; world None = the plain addresses, main."""

    def install(who: Identity, world: str | None = None) -> DmpClient:
        addresses = endpoints.services["dmp"] if world is None else endpoints.in_world("dmp", world)
        pair = control.certificates(who.structure.national_id, world or "main")
        services = Services(*(addresses[name] for name in ("patients", "habilitations", "registry", "repository")))
        return DmpClient(who, services, pair.session(endpoints.roots, tmp_path), pair)

    return install


def own(who: Identity, published: cda.Archive) -> Document:
    """The published document made ``who``'s own, with its metadata."""
    base = metadata.from_archive(published.metadata)
    content = cda.rewrite(published.document, who, f"{who.root}.2.{ARCHIVES.index(published.name) + 1}")
    return metadata.from_cda(content, base, who), content


def ids(found: list[td31.Found]) -> list[str]:
    return sorted(one.unique_id for one in found)


def chosen(documents: list[Document], wanted: Callable[[Entry], bool]) -> list[str]:
    return sorted(entry.unique_id for entry, _ in documents if wanted(entry))


def assert_same(found: td31.Found, entry: Entry) -> None:
    """What the registry says of a document is what was submitted."""
    assert found.kind == (entry.class_code, entry.type_code, entry.format_code)
    assert (found.title, found.mime_type, found.status) == (entry.title, entry.mime_type, names.APPROVED)
    assert found.patient_id == entry.patient_id
    assert set(found.codes.get(names.DE_EVENT, [])) == set(entry.events)
    assert found.codes[names.DE_CONFIDENTIALITY] == list(entry.confidentiality)
    assert found.slot("creationTime") == entry.creation
    assert found.slot("serviceStartTime") == entry.start
    assert found.slots.get("serviceStopTime", [None])[0] == entry.stop
    assert found.slot("sourcePatientId") == entry.source_patient_id
    assert sorted(found.slots["sourcePatientInfo"]) == sorted(entry.source_patient_info)
    assert found.slot("legalAuthenticator") == entry.legal_authenticator
    assert (found.slot("hash").lower(), found.slot("size")) == ((entry.sha1 or "").lower(), str(entry.size))


def assert_comes_back(client: DmpClient, documents: list[Document]) -> None:
    """Everything is found, described as submitted, and retrieved byte for byte, in one call and one by one."""
    found = {one.unique_id: one for one in client.find()}
    assert sorted(found) == chosen(documents, lambda entry: True)
    for entry, _ in documents:
        assert_same(found[entry.unique_id], entry)
    wanted = [(found[entry.unique_id].slot("repositoryUniqueId"), entry.unique_id) for entry, _ in documents]
    together = client.retrieve(wanted)
    assert {key: one.content for key, one in together.items()} == {e.unique_id: content for e, content in documents}
    assert {one.mime_type for one in together.values()} == {"text/xml"}
    alone = client.retrieve(wanted[:1])
    assert [one.content for one in alone.values()] == [documents[0][1]]


def assert_every_filter(client: DmpClient, documents: list[Document]) -> None:
    """Search by type, class, format and date gives exactly what the metadata promise."""
    for entry, _ in documents:
        for filter_, attribute in (
            ("TypeCode", "type_code"),
            ("ClassCode", "class_code"),
            ("FormatCode", "format_code"),
        ):
            code = getattr(entry, attribute)
            expected = chosen(documents, lambda one, a=attribute, c=code: getattr(one, a) == c)  # type: ignore[misc]
            assert ids(client.find(**{filter_: [td31.coded(code)]})) == expected, (filter_, code)
    both = [td31.coded(entry.type_code) for entry, _ in documents[:2]]
    assert len(client.find(TypeCode=both)) == len({*chosen(documents, lambda e: td31.coded(e.type_code) in both)})
    in_2020_21 = chosen(documents, lambda entry: "2020" <= entry.start < "2022")
    assert ids(client.find(ServiceStartTimeFrom="2020", ServiceStartTimeTo="2022")) == in_2020_21
    first = documents[0][0]
    assert ids(client.find(ServiceStartTimeFrom=first.start, ServiceStartTimeTo="20200101")) == [first.unique_id]
    assert client.find(ServiceStartTimeFrom="2019", ServiceStartTimeTo=first.start) == [], "To is exclusive"
    since_2023 = chosen(documents, lambda entry: entry.creation >= "2023")
    assert ids(client.find(CreationTimeFrom="20230101")) == since_2023


def test_a_product_never_seen_before_feeds_finds_and_retrieves_for_six_months_and_more(
    product: Product, control: Control, who: Identity
) -> None:
    client = product(who)
    first = client.existence()
    assert (first.active, first.authorisation) == (True, "NON_EXISTE")
    assert first.patient_ids[names.OID_INS_TEST] == who.patient.ins
    assert {who.structure.national_id, who.professional.national_id, who.patient.ins} <= control.adopted()
    assert client.authorise().status == "DMPOk"
    assert client.existence().authorisation == "VALIDE"

    documents = [own(who, archive(name)) for name in ARCHIVES]
    for lot in (documents[:1], documents[1:3], documents[3:4], documents[4:5], documents[5:]):
        client.feed(lot)
    assert_comes_back(client, documents)
    assert_every_filter(client, documents)
    entry_uuids = {one.unique_id: one.entry_uuid for one in client.find()}
    for entry, _ in documents:
        assert client.references([entry.unique_id]) == [entry_uuids[entry.unique_id]]
    assert sorted(client.references(entry_uuids)) == sorted(entry_uuids.values())

    control.advance("P6M")
    with pytest.raises(soap.SoapFault) as lapsed:
        client.find()
    assert lapsed.value.subcode == (names.SOAP12, ACCESS_DENIED), lapsed.value
    assert client.existence().authorisation == "EXPIRE"
    assert len(client.references(entry_uuids)) == len(documents), "a reference needs no authorisation"
    assert client.authorise().status == "DMPOk"
    assert client.existence().authorisation == "VALIDE"
    assert_comes_back(client, documents)


def test_the_published_letter_untouched_in_a_world_of_its_own(
    product: Product, control: Control, rng: random.Random
) -> None:
    published = archive(LIAISON_LETTER)
    entry = metadata.from_archive(published.metadata)
    named = Identity(
        Structure("1750803447", "Hôpital Européen Georges Pompidou"),
        Professional("801234567897", "DAVID", "Charles", "SM27", "Médecine interne (SM)"),
        Patient("279035121518989", "PAT-TROIS", "DOMINIQUE", "F", "19790328", "1234567890121", "1.2.3.4.567.8.9.10"),
        f"2.25.{rng.getrandbits(96)}",
    )
    world = f"lettre-{rng.getrandbits(40):010x}"
    control.create_world(world)
    client = product(named, world)

    assert client.existence().active
    assert client.authorise().status == "DMPOk"
    client.feed([(entry, published.document)])
    assert ids(client.find(TypeCode=[td31.coded(entry.type_code)])) == [entry.unique_id]
    assert_comes_back(client, [(entry, published.document)])


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_vihf_signed_either_way_is_accepted(product: Product, who: Identity, algorithm: str) -> None:
    client = product(who).signing(algorithm, lifetime=vihf.SHORT)
    assert client.existence().active
    assert client.authorise().status == "DMPOk"
    assert client.find() == []


def test_wrong_structure_in_the_vihf(product: Product, who: Identity, rng: random.Random) -> None:
    client = product(who)
    with pytest.raises(soap.SoapFault) as refused:
        client.existence(client.assertion(vihf.AIR, structure_id=new_structure(rng).national_id))
    print(refused.value)
    assert refused.value.code == (names.SOAP12, "Sender")
    assert "personne morale" in refused.value.reason


@pytest.mark.parametrize("where", ["SignatureValue", "NameID"])
def test_tampered_assertion(product: Product, who: Identity, where: str) -> None:
    client = product(who)
    assertion = client.assertion(vihf.AIR)
    (element,) = assertion.iter(f"{{*}}{where}")
    text = element.text or ""
    element.text = text[:8] + ("1" if text[8] != "1" else "2") + text[9:]
    with pytest.raises(soap.SoapFault) as refused:
        client.existence(etree.tostring(assertion))
    print(refused.value)
    assert refused.value.subcode == (names.WSSE, "FailedCheck")


def test_vihf_signed_with_the_authentication_certificate(product: Product, who: Identity) -> None:
    client = product(who)
    with pytest.raises(soap.SoapFault) as refused:
        client.existence(client.assertion(vihf.AIR, signer=client.pair.auth_cli))
    print(refused.value)
    assert refused.value.subcode == (names.SOAP12, "DMPInvalidCertificate")


def test_no_vihf_at_all(product: Product, who: Identity) -> None:
    client = product(who)
    _, data = soap.envelope(client.services.patients, names.ACTION_TD02, None, td02.request(who))
    with pytest.raises(soap.SoapFault) as refused:
        soap.post(client.session, client.services.patients, data)
    print(refused.value)
    assert refused.value.subcode == (names.WSSE, "InvalidSecurity")


def test_feeding_in_air_mode(product: Product, who: Identity) -> None:
    client = product(who)
    with pytest.raises(soap.SoapFault) as refused:
        client.feed([own(who, archive(LIAISON_LETTER))], mode=vihf.AIR)
    print(refused.value)
    assert refused.value.subcode == (names.SOAP12, ACCESS_DENIED)


def test_a_product_deletes_its_document(product: Product, who: Identity) -> None:
    """Without authorisation and in the name of the structure; afterwards the document is unknown."""
    client = product(who)
    entry, content = own(who, archive(LIAISON_LETTER))
    client.feed([(entry, content)])
    (entry_uuid,) = client.references([entry.unique_id])
    for wrong, status, code in (
        (entry_uuid, names.ARCHIVED, "XDSMetadataUpdateError"),
        ("urn:uuid:00000000-0000-4000-8000-000000000404", names.APPROVED, "UnresolvedReferenceException"),
    ):
        with pytest.raises(soap.RegistryFailure) as refused:
            client.delete(wrong, status)
        print(refused.value)
        assert refused.value.codes == [code]
    client.delete(entry_uuid)
    assert client.references([entry.unique_id]) == []
    client.authorise()
    assert client.find() == []
    with pytest.raises(soap.Refused) as gone:
        client.retrieve([("1.2.250.1.213.4.1.1.1.2", entry.unique_id)])
    assert gone.value.codes == ["XDSDocumentUniqueIdError"]
    with pytest.raises(soap.RegistryFailure) as again:
        client.delete(entry_uuid)
    print(again.value)
    assert again.value.codes == ["XDSMetadataUpdateError"]


def test_another_structure_deletes_nothing(product: Product, who: Identity, rng: random.Random) -> None:
    entry, content = own(who, archive(LIAISON_LETTER))
    owner = product(who)
    owner.feed([(entry, content)])
    (entry_uuid,) = owner.references([entry.unique_id])
    other = product(replace(new_identity(rng), patient=who.patient))
    with pytest.raises(soap.RegistryFailure) as refused:
        other.delete(entry_uuid)
    print(refused.value)
    assert refused.value.codes == ["XDSMetadataUpdateError"]
    assert owner.references([entry.unique_id]) == [entry_uuid]


def test_searching_without_authorisation(product: Product, who: Identity) -> None:
    client = product(who)
    assert client.existence().active
    with pytest.raises(soap.SoapFault) as refused:
        client.find()
    print(refused.value)
    assert refused.value.subcode == (names.SOAP12, ACCESS_DENIED)


@pytest.mark.parametrize("unknown", ["2.25.404", "urn:uuid:00000000-0000-4000-8000-000000000404"])
def test_retrieving_an_unknown_document(product: Product, who: Identity, unknown: str) -> None:
    client = product(who)
    client.authorise()
    with pytest.raises(soap.Refused) as refused:
        client.retrieve([("1.2.250.1.213.4.1.1.1.2", unknown)])
    print(refused.value)
    assert isinstance(refused.value, soap.SoapFault | soap.RegistryFailure)
    assert refused.value.codes == ["XDSDocumentUniqueIdError"]


def test_an_unknown_stored_query(product: Product, who: Identity) -> None:
    client = product(who)
    client.authorise()
    body = td31.with_query_id(td31.find_documents(who.patient.cx), "urn:uuid:00000000-0000-4000-8000-000000000404")
    answer = client.call(client.services.registry, names.ACTION_TD31, body, client.assertion(vihf.AIR))
    with pytest.raises(soap.RegistryFailure) as refused:
        td31.read(answer.body)
    print(refused.value)
    assert refused.value.codes == ["XDSUnknownStoredQuery"]


def test_zeep_authorises_from_the_served_wsdl(product: Product, who: Identity) -> None:
    if find_spec("zeep") is None:
        missing("zeep")
    zeep: Any = import_module("zeep")  # untyped
    addressing: Any = import_module("zeep.wsa").WsAddressingPlugin()

    client = product(who)

    class Vihf:
        """What zeep calls a wsse object: puts the VIHF in the header of what leaves."""

        def apply(self, envelope: etree._Element, headers: dict[str, str]) -> tuple[etree._Element, dict[str, str]]:
            zeep.wsdl.utils.get_or_create_header(envelope).append(soap.security(client.assertion(vihf.AIR)))
            return envelope, headers

        def verify(self, envelope: etree._Element) -> etree._Element:
            return envelope

    transport = zeep.Transport(session=client.session, timeout=60, operation_timeout=60)
    wsdl = client.services.habilitations + "?wsdl"
    service = zeep.Client(wsdl, wsse=Vihf(), transport=transport, plugins=[addressing]).service
    assert service.setAuthorization(action="AJOUT").status == "DMPOk"
    assert client.existence().authorisation == "VALIDE"
    assert service.setAuthorization(action="SUPPRESSION").status == "DMPOk"
    assert client.existence().authorisation != "VALIDE"
