"""Published XDM archives (read where they are, never copied), a fictitious plan, a signing key."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from simulators.documents.cda.build import CdaPlan
from simulators.documents.cda.kinds import DocumentKind
from simulators.documents.cda.model import Ii
from simulators.population.generator import generate
from tests.unit.documents.samples import SAMPLES, Sample

PARIS_WINTER = timezone(timedelta(hours=1))


def _shared() -> Path:
    folder = Path(__file__).resolve().parents[3].parent / "shared" / "samples" / "xdm"
    if not folder.is_dir():
        if os.environ.get("SEGUR_REQUIRE_SHARED") == "1":
            pytest.fail("the shared samples are required and absent")
        pytest.skip("the shared samples are absent: published archives not read")
    return folder


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Sample:
    data = (_shared() / f"{request.param}.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        folder = "IHE_XDM/SUBSET01/"
        return Sample(request.param, data, archive.read(folder + "DOC0001.XML"), archive.read(folder + "METADATA.XML"))


@pytest.fixture
def sample_named() -> Callable[[str], bytes]:
    """The bytes of one archive by name."""
    return lambda name: (_shared() / f"{name}.zip").read_bytes()


@pytest.fixture
def shared_names() -> set[str]:
    """The archives there are."""
    return {path.stem for path in _shared().glob("*.zip")}


@pytest.fixture(scope="session")
def make_plan() -> Callable[..., CdaPlan]:
    """A plan with fictitious people; keyword arguments replace any part."""
    people = generate(7, 2, 12, 6)
    hospital = next(structure for structure in people.structures if structure.kind == "hospital")

    def make(**changes: object) -> CdaPlan:
        parts: dict[str, object] = {
            "kind": DocumentKind.DISCHARGE_LETTER,
            "patient": people.patients[0],
            "author": people.professionals[0],
            "structure": hospital,
            "document_id": "1.2.250.1.999.9.1.2.1",
            "created": datetime(2026, 1, 5, 9, 30, tzinfo=PARIS_WINTER),
            "service_start": datetime(2026, 1, 4, 8, 0, tzinfo=PARIS_WINTER),
            "service_stop": datetime(2026, 1, 5, 9, 0, tzinfo=PARIS_WINTER),
            "content": b"%PDF-1.4 not a real one",
            "local_id": Ii("1.2.250.1.999.9.1.9", "IPP0001"),
        }
        return CdaPlan(**(parts | changes))  # type: ignore[arg-type]

    return make
