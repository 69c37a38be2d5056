"""The DMP's rules, one file per thing looked at; each file holds its rules and the checks that yield their findings."""

from __future__ import annotations
