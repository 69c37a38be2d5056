"""``python -m tests.support.imap_process PLACE``: an IMAP server in a process of its own; prints its port, then serves
until it is killed."""

from __future__ import annotations

import sys

from simulators.core.store import open_store
from tests.support.imap_room import imap_room


def main(place: str) -> None:
    with imap_room(open_store(place)) as room:
        print(room.port, flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main(sys.argv[1])
