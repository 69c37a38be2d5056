"""Exit codes, in one place; the table is in :mod:`simulators.cli.main`."""

from __future__ import annotations

PASS = 0
FAILED = 1
INVALID = 2
ENVIRONMENT = 3
NOTHING_CAME = 4
INTERRUPTED = 130
