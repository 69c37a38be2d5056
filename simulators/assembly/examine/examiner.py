"""Tells what a file is and lets the simulators judge it, over the wire, in a world of its own.

A CDA is fed in a lot built around it; a VIHF travels in an existence test; a SOAP message goes as it is.
The TLS certificate is that of the structure the file declares, so that what is judged is the file.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from simulators.assembly.examine.model import Examined, NotKnown
from simulators.assembly.examine.speaker import WORLD, patient_of, person_of, speaker, structure_of
from simulators.clients.dmp.client import ACTIONS, SERVICES, SOAP_TYPE, DmpClient
from simulators.clients.dmp.envelope import request_envelope
from simulators.clients.dmp.messages import existence_test
from simulators.core import journal
from simulators.core.rules import Grade, Level, Rule, Text
from simulators.core.xml import NAMESPACES, XmlRefused, parse, serialize, text
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import DocumentError
from simulators.documents.xdm.read import read_archive
from simulators.population.ins import Ins

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

RESOURCE = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
PATHS = {
    "PRPA_IN201307UV02": "/patients",
    "setAuthorization": "/habilitations",
    "AdhocQueryRequest": "/registry",
}
UNREADABLE = Rule(
    id="CHECK-UNREADABLE",
    level=Level.REFUSE,
    looks_at="file",
    source="IHE ITI TF-2 3.32, HL7 CDA R2",
    grade=Grade.STANDARD,
    sentence=Text("le fichier ne peut pas être lu", "the file cannot be read"),
    mend=Text("corrigez l'endroit indiqué", "mend the place named here"),
    switchable=False,
)


class Examiner:
    """Examines files with a running sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        sandbox.worlds.ensure(WORLD)

    def examine(self, path: Path) -> Examined:
        """Raises :class:`NotKnown`, ``OSError``."""
        return self._examine(path.name, path.read_bytes())

    def _examine(self, name: str, data: bytes) -> Examined:
        if data[:4] == b"PK\x03\x04":
            return self._archive(name, data)
        if data.lstrip()[:2] == b"--":
            return self._message(name, data, _multipart_type(data), None)
        try:
            root = parse(data)
        except XmlRefused as refused:
            raise NotKnown(f"{name}: neither an archive nor readable XML: {refused}") from refused
        kind = etree.QName(root).localname
        if kind == "ClinicalDocument" or root.find("{urn:hl7-org:v3}ClinicalDocument") is not None:
            return self._cda(name, data)
        if kind == "Assertion":
            return self._vihf(name, data, root)
        if kind == "Envelope":
            return self._message(name, data, SOAP_TYPE, root)
        raise NotKnown(f"{name}: <{kind}> is no CDA, no XDM archive, no VIHF and no SOAP message")

    def _archive(self, name: str, data: bytes) -> Examined:
        try:
            archive = read_archive(data)
        except DocumentError as refused:
            return Examined(name, "XDM archive", (_unreadable(refused),))
        facts = tuple(f"{f.kind} {f.where} {f.found}".strip() for f in archive.facts)
        inside = tuple(self._examine(document.name, document.data) for document in archive.documents)
        return Examined(name, "XDM archive", (), facts, inside)

    def _cda(self, name: str, data: bytes) -> Examined:
        try:
            cda = read_cda(data)
            ins = patient_of(cda) or _any_patient()
            with speaker(self._sandbox, structure_of(cda), person_of(cda)) as client:
                client.feed(ins, [data])
                return Examined(name, f"CDA, level {cda.body.level}", self._findings(client))
        except (DocumentError, XmlRefused) as refused:
            return Examined(name, "CDA", (_unreadable(refused),))

    def _vihf(self, name: str, data: bytes, assertion: etree._Element) -> Examined:
        """The bytes of the assertion go as they are: its signature is over them."""
        claimed = _attribute(assertion, RESOURCE)
        ins = Ins.as_received(*_cx(claimed)) if claimed else _any_patient()
        marker = "ASSERTION"
        body = existence_test(ins, str(uuid.uuid4()), self._sandbox.now())
        with speaker(self._sandbox, _attribute(assertion, "Identifiant_Structure")) as client:
            client.last_message_id = f"urn:uuid:{uuid.uuid4()}"
            path = f"{SERVICES}/patients"

            def stand_in(security: etree._Element) -> None:
                security.text = marker

            envelope = request_envelope(ACTIONS["TD0.2"], path, client.last_message_id, body, stand_in)
            content = serialize(envelope).replace(marker.encode(), _without_declaration(data), 1)
            client.channel.post(path, content, {"Content-Type": SOAP_TYPE})
            return Examined(name, "VIHF", self._findings(client))

    def _message(self, name: str, data: bytes, content_type: str, root: etree._Element | None) -> Examined:
        root = root if root is not None else _root_part(data)
        body = root.find("{*}Body") if root is not None else None
        operation = etree.QName(body[0]).localname if body is not None and len(body) else ""
        declared = _attribute(root, "Identifiant_Structure") if root is not None else ""
        with speaker(self._sandbox, declared) as client:
            client.channel.post(SERVICES + PATHS.get(operation, "/repository"), data, {"Content-Type": content_type})
            return Examined(name, f"SOAP message {operation}".strip(), self._findings(client))

    def _findings(self, client: DmpClient) -> tuple[Mapping[str, Any], ...]:
        rows = journal.last(self._sandbox.store, WORLD, 1)
        return tuple(rows[-1].verdict["findings"]) if rows else ()


def _unreadable(refused: DocumentError | XmlRefused) -> Mapping[str, Any]:
    where = refused.where if isinstance(refused, DocumentError) else f"line {refused.line}"
    finding = UNREADABLE.finding(where or "/", found=str(refused))
    return {**finding.as_json(), "level": "refuse"}


def _any_patient() -> Ins:
    return Ins.as_received("185010099900171", "1.2.250.1.213.1.4.10")


def _cx(value: str) -> tuple[str, str]:
    parts = value.split("^")
    authority = parts[3].split("&") if len(parts) > 3 else []
    return parts[0], authority[1] if len(authority) > 1 else ""


def _attribute(root: etree._Element, name: str) -> str:
    for attribute in root.iter(f"{{{NAMESPACES['saml2']}}}Attribute"):
        if attribute.get("Name") == name:
            return text(attribute).strip()
    return ""


def _without_declaration(data: bytes) -> bytes:
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    return data.partition(b"?>")[2].lstrip() if data.startswith(b"<?xml") else data


def _multipart_type(data: bytes) -> str:
    boundary = data.lstrip().splitlines()[0][2:].decode("latin-1").strip()
    return f'multipart/related; boundary="{boundary}"; type="application/xop+xml"; start-info="application/soap+xml"'


def _root_part(data: bytes) -> etree._Element | None:
    """The envelope of a multipart message, read only to know whom it names."""
    start = data.find(b"<")
    end = data.rfind(b"Envelope>")
    try:
        return parse(data[start : end + len(b"Envelope>")]) if 0 <= start < end else None
    except XmlRefused:
        return None
