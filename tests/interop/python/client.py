"""The product: one identity, its certificates, the addresses of a DMP, and the transactions it knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import requests
from lxml import etree

from tests.interop.python import mtom, names, soap, td02, td03, td21, td31, td32, td33, vihf
from tests.interop.python.identity import Identity
from tests.interop.python.metadata import Entry
from tests.interop.python.vihf import AIR, INDIRECT, Credential


@dataclass(frozen=True)
class Services:
    """Addresses of the four services the product calls."""

    patients: str
    habilitations: str
    registry: str
    repository: str


@dataclass(frozen=True)
class Pair:
    """Both certificates of a structure."""

    auth_cli: Credential
    sign: Credential

    def session(self, roots: Path | str, folder: Path) -> requests.Session:
        """A TLS session with the authentication certificate, written to ``folder`` because requests wants files."""
        certificate, key = folder / "auth_cli.pem", folder / "auth_cli.key"
        certificate.write_text(self.auth_cli.certificate.strip() + "\n" + self.auth_cli.chain, encoding="ascii")
        key.write_text(self.auth_cli.key, encoding="ascii")
        return soap.new_session(roots, certificate, key)


@dataclass(frozen=True)
class DmpClient:
    """A DMP-enabled product at work. Every method raises soap.Refused with what the DMP said."""

    who: Identity
    services: Services
    session: requests.Session
    pair: Pair
    algorithm: str = "sha256"
    lifetime: timedelta | None = None

    def signing(self, algorithm: str, lifetime: timedelta | None = None) -> DmpClient:
        """The same product signing its VIHF another way."""
        return replace(self, algorithm=algorithm, lifetime=lifetime)

    def assertion(self, mode: str, structure_id: str | None = None, signer: Credential | None = None) -> etree._Element:
        """A fresh signed VIHF; the two last arguments make it wrong on purpose."""
        credential = signer or self.pair.sign
        raw = vihf.unsigned(self.who, mode, credential.distinguished_name, structure_id=structure_id,
                            lifetime=self.lifetime)  # fmt: skip
        return vihf.signed(raw, credential, self.algorithm)

    def call(self, url: str, action: str, body: etree._Element, assertion: etree._Element | bytes) -> soap.Answer:
        """One plain SOAP exchange; checks that the answer relates to the request."""
        message_id, data = soap.envelope(url, action, assertion, body)
        answer = soap.post(self.session, url, data)
        _related(answer, message_id)
        return answer

    def existence(self, assertion: etree._Element | bytes | None = None) -> td02.Existence:
        """TD0.2 about the patient of the identity, in AIR mode."""
        vihf_ = self.assertion(AIR) if assertion is None else assertion
        return td02.read(self.call(self.services.patients, names.ACTION_TD02, td02.request(self.who), vihf_).body)

    def authorise(self, action: str = "AJOUT") -> td03.Outcome:
        """TD0.3 in AIR mode."""
        url = self.services.habilitations
        return td03.read(self.call(url, names.ACTION_TD03, td03.request(action), self.assertion(AIR)).body)

    def feed(self, documents: list[tuple[Entry, bytes]], mode: str = INDIRECT) -> td21.Submission:
        """TD2.1: send ``documents`` as one lot."""
        submission = td21.build(self.who, documents, self.pair.sign)
        url = self.services.repository
        message_id, data = soap.envelope(url, names.ACTION_TD21, self.assertion(mode), submission.body)
        frame = mtom.compose(data, submission.attachments, names.ACTION_TD21)
        answer = soap.post(self.session, url, frame.body, frame.content_type)
        _related(answer, message_id)
        soap.require_success(answer.body)
        return submission

    def find(self, **filters: str | Iterable[str]) -> list[td31.Found]:
        """TD3.1a in AIR mode: approved documents of the patient that match ``filters``."""
        body = td31.find_documents(self.who.patient.cx, **filters)
        return td31.read(self.call(self.services.registry, names.ACTION_TD31, body, self.assertion(AIR)).body)

    def references(self, unique_ids: Iterable[str], mode: str = INDIRECT) -> list[str]:
        """TD3.1b: entryUUIDs of documents known by their uniqueId."""
        body = td31.get_references(unique_ids)
        answer = self.call(self.services.registry, names.ACTION_TD31, body, self.assertion(mode))
        return td31.read_references(answer.body)

    def delete(self, entry_uuid: str, status: str = names.APPROVED, mode: str = INDIRECT) -> None:
        """TD3.3c: the entry, which has ``status``, is deleted."""
        body = td33.delete(self.who, entry_uuid, status)
        answer = self.call(self.services.registry, names.ACTION_TD33, body, self.assertion(mode))
        soap.require_success(answer.body)

    def retrieve(self, wanted: Iterable[tuple[str, str]]) -> dict[str, td32.Retrieved]:
        """TD3.2 in AIR mode, all at once: documents by uniqueId."""
        body = td32.request(wanted)
        answer = self.call(self.services.repository, names.ACTION_TD32, body, self.assertion(AIR))
        return {one.unique_id: one for one in td32.read(answer)}


def _related(answer: soap.Answer, message_id: str) -> None:
    related = answer.header("RelatesTo")
    if related != message_id:
        raise soap.Unreadable(f"RelatesTo {related!r} does not answer {message_id!r}")
