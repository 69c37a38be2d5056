"""The published HL7 messages beside the checkout: read where they are, never copied."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "hl7"


def published(name: str) -> bytes:
    """A message as it stands; skips, or fails where everything is required, when the folder is absent."""
    path = FOLDER / name
    if path.is_file():
        return path.read_bytes()
    said = f"the published message {name} is not beside the checkout (folder 'shared')"
    if os.environ.get("SEGUR_REQUIRE_SHARED") == "1":
        pytest.fail(said)
    pytest.skip(said)
