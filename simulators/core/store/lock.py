"""One process per SQLite folder. The only file that asks the platform for a file lock."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from simulators.core.errors import StoreLocked


class FolderLock:
    """Held for the life of the store; the system frees it when the process dies."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a+", encoding="ascii")
        try:
            _lock(self._file)
        except OSError as problem:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise StoreLocked(f"{path.parent} is in use by process {owner}; give another --data") from problem
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def abandoned(path: Path) -> bool:
    """Whether a process left this lock behind when it was killed. A lock just being taken holds no
    number yet and is not touched."""
    try:
        if not path.read_text(encoding="ascii").strip():
            return False
        FolderLock(path).release()
    except (OSError, ValueError, StoreLocked):
        return False
    return True


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        # Beyond the text, so that another process can still read the owner's number.
        file.seek(4096)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
