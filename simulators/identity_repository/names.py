"""Names of this simulator: what it works at, how it signs its messages, whom it tells."""

from __future__ import annotations

from typing import Final

NAME: Final = "identity_repository"
LISTENER: Final = "identity"
APPLICATION: Final = "GAM-SEGUR-SANDBOX"
"""MSH-3 of our messages: the name tells the role."""
PEERS: Final = (("PFI-SEGUR-SANDBOX", "pfi_mllp"), ("DPI-SEGUR-SANDBOX", "dpi_mllp"))
"""MSH-5 and port of those who are told by default, when this sandbox plays them."""
PRODUCT: Final = "SUT"
"""MSH-5 of a subscriber that was given without a name."""

LANES: Final = tuple(f"identity_repository.send.{number}" for number in range(4))
"""Kinds of the outbox rows: whatever waits for one subscriber, in order. One message of a kind is on its way at a time,
so that a subscriber keeps to its lane and a slow one holds back few others."""
RETRY: Final = "identity_repository.retry"
"""Kind of the due rows that try again."""
CHANNEL: Final = "identity"
"""Rung in a world when a subscriber has answered."""
