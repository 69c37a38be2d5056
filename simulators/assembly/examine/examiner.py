"""Tells what a file is and lets the simulators judge it, over the wire, in a world of its own.

A CDA is fed in a lot built around it; a VIHF travels in an existence test; a SOAP message goes as it is. A mail is
judged by the operator's rules without a session: whose certificate or token would carry it changes nothing in it. An
HL7 v2 message is judged by our peers' rules, without what a registry or a record would add; its document by the DMP.
The TLS certificate is that of the structure the file declares, so that what is judged is the file.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from simulators.assembly.examine.about import about_cda, about_token
from simulators.assembly.examine.kinds import (
    attribute,
    cx_of,
    looks_hl7,
    looks_mail,
    looks_multipart,
    multipart_type,
    operation_of,
    root_part,
    without_declaration,
)
from simulators.assembly.examine.model import UNREADABLE, Examined, NotKnown
from simulators.assembly.examine.speaker import WORLD, any_patient, patient_of, person_of, speaker, structure_of
from simulators.clients.dmp.access import replayable_ids
from simulators.clients.dmp.client import ACTIONS, SERVICES, SOAP_TYPE, DmpClient
from simulators.clients.dmp.envelope import request_envelope
from simulators.clients.dmp.messages import GET_DOCUMENTS, existence_test, quoted, stored_query
from simulators.clients.transport import HttpAnswer, WireProblem
from simulators.core import journal
from simulators.core.errors import WorldGone
from simulators.core.rules import Policy
from simulators.core.xml import XmlRefused, clark, parse, serialize
from simulators.documents.cda.read import read_cda
from simulators.documents.errors import DocumentError
from simulators.documents.xdm.model import ROOT
from simulators.documents.xdm.read import read_archive

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

LARGEST = 100 * 1024 * 1024
RESOURCE = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
STRUCTURE, MODE = "Identifiant_Structure", "Authentification_mode"
PATHS = {
    "PRPA_IN201307UV02": "/patients",
    "setAuthorization": "/habilitations",
    "AdhocQueryRequest": "/registry",
}
_ARCHIVE = re.compile(rb"PK(\x03\x04|\x05\x06)")
_MARKER = "ASSERTION"


class Examiner:
    """Examines files with a running sandbox, under ``policy``. The verdict on a file owes nothing to those before."""

    def __init__(self, sandbox: Sandbox, policy: Policy | None = None) -> None:
        self._sandbox = sandbox
        self._policy = policy or Policy()
        self._ids = replayable_ids(WORLD)
        with contextlib.suppress(WorldGone):
            sandbox.delete_world(WORLD)
        sandbox.worlds.create(WORLD, policy=policy)

    def examine(self, path: Path) -> Examined:
        """Raises :class:`NotKnown`, ``OSError``."""
        if path.stat().st_size > LARGEST:
            raise NotKnown(f"{path.name}: larger than {LARGEST} bytes")
        return self._examine(path.name, path.read_bytes())

    def _examine(self, name: str, data: bytes) -> Examined:
        return replace(self._recognised(name, data), data=data)

    def _recognised(self, name: str, data: bytes) -> Examined:
        if _ARCHIVE.match(data):
            return self._archive(name, data)
        if looks_hl7(data):
            return self._hl7(name, data)
        if looks_multipart(data):
            return self._multipart(name, data)
        if looks_mail(data):
            # Here, so that what only lists rules or kinds declares no table of the operator.
            from simulators.assembly.examine.mail import examine_mail

            return examine_mail(name, data, self._policy)
        try:
            root = parse(data)
        except XmlRefused as refused:
            raise NotKnown(f"{name}: neither an archive nor readable XML: {_said(refused)}") from refused
        if root.tag in {clark("soap:Envelope"), clark("soap11:Envelope")}:
            return self._message(name, data, SOAP_TYPE, root)
        if root.tag == clark("saml2:Assertion"):
            return self._vihf(name, data, root)
        if next(root.iter("{*}ClinicalDocument"), None) is not None:
            return self._cda(name, data)
        kind = etree.QName(root).localname
        raise NotKnown(
            f"{name}: <{kind}> is no CDA, no XDM archive, no VIHF, no SOAP message, no HL7 v2 message and no mail"
        )

    def _archive(self, name: str, data: bytes) -> Examined:
        try:
            archive = read_archive(data)
        except DocumentError as refused:
            return Examined(name, "XDM archive", (_unreadable(refused.where or name, refused.reason),))
        if not any(file.upper().startswith(f"{ROOT}/") for file in archive.files):
            raise NotKnown(f"{name}: a ZIP archive without {ROOT} is no XDM archive")
        facts = tuple(f"{f.kind} {f.where} {f.found}".strip() for f in archive.facts)
        inside = tuple(self._held(document.name, document.data) for document in archive.documents)
        return Examined(name, "XDM archive", (), facts, inside)

    def _hl7(self, name: str, data: bytes) -> Examined:
        """The message as our peers see it, then its document as the DMP would."""
        from simulators.assembly.examine.hl7 import examine_hl7

        with self._sandbox.store.read(WORLD) as tx:
            found, document = examine_hl7(name, data, self._policy, tx, self._sandbox.now().date())
        return replace(found, inside=(self._held("OBX-5.5", document),)) if document else found

    def _held(self, name: str, data: bytes) -> Examined:
        """A document of an archive, which may be of any kind."""
        try:
            return self._examine(name, data)
        except NotKnown as unknown:
            return Examined(name, "document of another kind", facts=(str(unknown),))

    def _cda(self, name: str, data: bytes) -> Examined:
        try:
            cda = read_cda(data)
            ins = patient_of(cda) or any_patient()
            with speaker(self._sandbox, self._ids, structure_of(cda), person_of(cda)) as client:
                judged = self._judged(name, f"CDA, level {cda.body.level}", lambda: client.feed(ins, [data]))
        except DocumentError as refused:
            return Examined(name, "CDA", (_unreadable(refused.where or "/", refused.reason),))
        return replace(judged, findings=tuple(about_cda(judged.findings)))

    def _vihf(self, name: str, data: bytes, assertion: etree._Element) -> Examined:
        """The bytes of the assertion go as they are: its signature is over them."""
        operation, path, body = self._errand(assertion)

        def stand_in(security: etree._Element) -> None:
            security.text = _MARKER

        envelope = request_envelope(ACTIONS[operation], SERVICES + path, f"urn:uuid:{self._ids()}", body, stand_in)
        content = serialize(envelope).replace(_MARKER.encode(), without_declaration(data), 1)
        with speaker(self._sandbox, self._ids, attribute(assertion, STRUCTURE)) as client:
            judged = self._judged(name, "VIHF", lambda: _post(client, SERVICES + path, content, SOAP_TYPE))
        return replace(judged, findings=tuple(about_token(judged.findings)))

    def _errand(self, assertion: etree._Element) -> tuple[str, str, etree._Element]:
        """Operation, path and body that a token of this authentication mode may carry."""
        claimed = attribute(assertion, RESOURCE)
        ins = cx_of(claimed) if claimed else any_patient()
        if attribute(assertion, MODE) == "INDIRECTE":
            slots = {"$XDSDocumentEntryUniqueId": quoted("1.2.250.1.999.9.1.0")}
            return "TD3.1", "/registry", stored_query(GET_DOCUMENTS, slots, "ObjectRef")
        return "TD0.2", "/patients", existence_test(ins, str(self._ids()), self._sandbox.now())

    def _multipart(self, name: str, data: bytes) -> Examined:
        kind = multipart_type(data)
        return self._message(name, data, kind, root_part(data, kind))

    def _message(self, name: str, data: bytes, content_type: str, root: etree._Element | None) -> Examined:
        operation = operation_of(root)
        path = SERVICES + PATHS.get(operation, "/repository")
        declared = "" if root is None else attribute(root, STRUCTURE)
        with speaker(self._sandbox, self._ids, declared) as client:
            kind = f"SOAP message {operation}".strip()
            return self._judged(name, kind, lambda: _post(client, path, data, content_type))

    def _judged(self, name: str, kind: str, send: Callable[[], object]) -> Examined:
        """What the journal says of what ``send`` sent; without a row, what came back instead."""
        self._sandbox.worlds.reset(WORLD)
        before = journal.cursor(self._sandbox.store, WORLD)
        try:
            answer = send()
        except WireProblem as problem:
            return Examined(name, kind, (_unreadable("HTTP", str(problem)),))
        rows = journal.read(self._sandbox.store, WORLD, since=before)
        if rows:
            return Examined(name, kind, tuple(rows[-1].verdict["findings"]))
        told = f"{answer.status} {answer.body[:300]!r}" if isinstance(answer, HttpAnswer) else repr(answer)
        return Examined(name, kind, (_unreadable("HTTP", told),))


def _post(client: DmpClient, path: str, content: bytes, content_type: str) -> HttpAnswer:
    return client.channel.post(path, content, {"Content-Type": content_type})


def _unreadable(where: str, found: str) -> Mapping[str, Any]:
    return {**UNREADABLE.finding(where, found=found).as_json(), "level": "refuse"}


def _said(refused: XmlRefused) -> str:
    at = f" (line {refused.line}, column {refused.column})" if refused.line is not None else ""
    return f"{refused.message_en} / {refused.message_fr}{at}"
