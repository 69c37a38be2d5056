"""What a world may choose about its identity repository (policy ``settings``)."""

from __future__ import annotations

from typing import Final

from simulators.core.setting import Setting

SUBSCRIBERS: Final = Setting(
    "identity.subscribers",
    "",
    "who is told, by commas: mllp://host:port, mllps://host:port or NAME=URL (NAME goes into MSH-5); "
    "empty: the PFI and the DPI of this sandbox; none: nobody",
)
STRUCTURE: Final = Setting(
    "identity.structure", "hospital", "reference name or national identifier of the hospital whose identities these are"
)
RETRY_EVERY: Final = Setting("identity.retry-every", "PT5M", "business time between two attempts at a subscriber")
GIVE_UP_AFTER: Final = Setting("identity.give-up-after", "P2D", "business time after which a message is given up")
PATIENCE: Final = Setting("identity.seconds", "30", "how long a subscriber may take to acknowledge")
PROCESSING: Final = Setting("identity.processing", "T", "MSH-11 of our messages: P, T or D")
CHARSET: Final = Setting(
    "identity.charset", "UNICODE UTF-8", "MSH-18 of our messages: UNICODE UTF-8, 8859/15 or 8859/1"
)

SETTINGS: Final = (SUBSCRIBERS, STRUCTURE, RETRY_EVERY, GIVE_UP_AFTER, PATIENCE, PROCESSING, CHARSET)
