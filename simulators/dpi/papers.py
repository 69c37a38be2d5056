"""The documents of the record: a CDA level 1 around a PDF/A-1b, all fictitious.

The bytes follow from the version and the patient alone, so that what is shown before it leaves is what will leave.
"""

from __future__ import annotations

import hashlib

from simulators.core.xml import parse, serialize
from simulators.documents.cda.build import build_cda
from simulators.documents.cda.model import HL7, Ii
from simulators.documents.papers import plan
from simulators.dpi.patients import Person
from simulators.dpi.produced import Version
from simulators.population.identifiers import INS_OIDS
from simulators.population.model import Professional, Structure


def paper(version: Version, person: Person, author: Professional, structure: Structure) -> bytes:
    """The CDA of a version, without the INS of a patient whose identity is not qualified."""
    told = {"kind": version.kind, "title": version.title, "text": version.text}
    chain = {"set_id": version.set_id, "version": version.version, "replaces": version.replaces}
    local = Ii(_local_root(structure), person.local)
    made = version.validated or version.made
    content = build_cda(
        plan(told, person.as_patient(), author, structure, version.document_id, made, local_id=local, **chain)
    )
    return content if person.qualified else _without_ins(content)


def _without_ins(content: bytes) -> bytes:
    root = parse(content)
    for found in root.findall(f"{{{HL7}}}recordTarget/{{{HL7}}}patientRole/{{{HL7}}}id"):
        parent = found.getparent()
        if parent is not None and found.get("root", "") in {*INS_OIDS, ""}:
            parent.remove(found)
    return serialize(root, declaration=True)


def _local_root(structure: Structure) -> str:
    """An OID for the numbers of a hospital, made of its identifier (ITU-T X.667 form)."""
    digest = hashlib.sha256(structure.struct_idnat.value.encode()).digest()
    return f"2.25.{int.from_bytes(digest[:15], 'big')}"
