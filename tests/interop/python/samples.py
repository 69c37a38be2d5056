"""The published archives this product borrows its documents from, read where they are, never copied."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from tests.interop.python.cda import Archive, open_archive

LIAISON_LETTER = "LDL-SES_2022.01"
ARCHIVES = (
    LIAISON_LETTER,
    "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1",
    "IMG_CR_IMG_2024.01",
    "BIO-CR-BIO_2024.01_CR-2nde-intention-PDF",
    "VAC_2023.01",
    "eP-MED-DM_2024.01_PosoStruct",
)


def missing(what: str) -> NoReturn:
    """Fail when everything is required (``SEGUR_REQUIRE=1``), else skip saying what is missing."""
    if "1" in {os.environ.get("SEGUR_REQUIRE"), os.environ.get("SEGUR_REQUIRE_SHARED")}:
        pytest.fail(f"required and missing: {what}")
    pytest.skip(f"missing: {what}")


def archive(name: str) -> Archive:
    """The archive ``name`` of the folder ``shared`` beside the checkout; see ``missing`` when it is absent."""
    path = Path(__file__).resolve().parents[3].parent / "shared" / "samples" / "xdm" / f"{name}.zip"
    if not path.is_file():
        missing(f"the published archive {name} in the folder 'shared' beside the checkout")
    return open_archive(path)
