"""Feeding, searching and verifying, over the wire by our own client, one connection."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

from benchmarks.load import load_documents
from benchmarks.table import Row, rate
from simulators.assembly.endpoints import describe_world, trust_files
from simulators.clients.dmp.access import dmp_client, patient_of
from simulators.core import journal
from simulators.core.xml import NAMESPACES, parse
from simulators.core.xmldsig import verify_enveloped
from simulators.documents.cda.build import CdaPlan, build_cda
from simulators.documents.cda.kinds import DocumentKind
from simulators.sandbox import Sandbox

DOCUMENT_BYTES = 100_000
SIZES = (100, 10_000, 100_000)


def traffic(sandbox: Sandbox) -> list[Row]:
    """Rates per second in a world of its own."""
    sandbox.create_world("traffic")
    world = describe_world(sandbox, "traffic")
    roots = Path(trust_files(sandbox)["roots"])
    rows: list[Row] = []
    with dmp_client(world, roots, "hospital", "hospital-specialist", ids=uuid.uuid4, now=sandbox.now) as client:
        patient = patient_of(world, "adult")
        client.authorise(patient.ins)

        def feed() -> None:
            answer, _ = client.feed(patient.ins, [_document(client, patient, sandbox)])
            assert answer.outcome == "accepted", answer

        def search() -> None:
            answer = client.search(patient.ins)
            assert answer.outcome == "accepted", answer

        rows.append(Row("TD2.1, 100 kB, durable, client included", f"{rate(feed):.0f}/s"))
        rows.append(Row("TD0.2, client included", f"{rate(lambda: client.exists(patient.ins)):.0f}/s"))
        for size in SIZES:
            ins = load_documents(sandbox, "traffic", size)
            client.authorise(ins)
            answer = client.search(ins)
            assert answer.values["count"] == 50, answer

            def look(ins=ins) -> None:  # type: ignore[no-untyped-def]
                client.search(ins)

            rows.append(Row(f"TD3.1, {size:,} documents in the store, 50 found", f"{rate(look):.0f}/s"))
        search()
    return [*rows, _verification(sandbox), _journal(sandbox)]


def _document(client, patient, sandbox: Sandbox) -> bytes:  # type: ignore[no-untyped-def]
    now = sandbox.now()
    plan = CdaPlan(
        kind=DocumentKind.DISCHARGE_LETTER,
        patient=patient,
        author=client.professional,
        structure=client.structure,
        document_id=client.oid(),
        created=now,
        service_start=now - timedelta(days=1),
        content=b"x" * (DOCUMENT_BYTES * 3 // 4),
        title="Mesure",
    )
    return build_cda(plan)


def _verification(sandbox: Sandbox) -> Row:
    """Verifications of one captured VIHF, no wire."""
    rows = [r for r in journal.last(sandbox.store, "traffic", 50) if r.operation == "dmp.TD3.1"]
    request, _ = journal.bodies(sandbox.store, "traffic", rows[-1].number)
    root = parse(request)
    assertion = root.find(".//saml2:Assertion", dict(NAMESPACES))
    assert assertion is not None
    return Row("VIHF signature verified", f"{rate(lambda: verify_enveloped(assertion)):.0f}/s")


def _journal(sandbox: Sandbox) -> Row:
    """The row alone, in a transaction of its own, with a 10 kB request."""
    world = sandbox.worlds.get("traffic")
    entry = journal.Entry("dmp.soap", "dmp.TD0.2", request=b"x" * 10_000, answer=b"y" * 2_000, keys=("patient:1",))

    def write() -> None:
        with sandbox.store.write("traffic") as tx:
            journal.record(tx, world, sandbox.now(), entry)

    return Row("journal row, 10 kB request, own transaction", f"{1_000_000 / rate(write, 1.5):.0f} µs")
