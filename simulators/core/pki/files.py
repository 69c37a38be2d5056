"""Small files written whole or not at all, safe against a second process doing the same.

Internal to the PKI package. Private files are created 0600 (``tempfile.mkstemp`` does so where the platform has modes).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def _write_temporary(folder: Path, data: bytes, *, private: bool, durable: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        if durable:
            stream.flush()
            os.fsync(stream.fileno())
    path = Path(name)
    if not private:
        path.chmod(0o644)
    return path


def write_atomic(path: Path, data: bytes, *, private: bool = False, durable: bool = True) -> None:
    """Write ``data`` to ``path``; a reader sees the old bytes or the new ones, never a part. Raises OSError.

    ``durable`` is for what cannot be made again: it survives power loss.
    """
    temporary = _write_temporary(path.parent, data, private=private, durable=durable)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def create_once(path: Path, data: bytes, *, private: bool = False) -> bytes:
    """Write ``data`` unless ``path`` exists already, and return what the file holds now.

    A hard link refuses to replace, so of two processes one wins and both return the winner's bytes.
    """
    temporary = _write_temporary(path.parent, data, private=private)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    except OSError:
        # File systems without hard links: the last writer wins, and the re-read below keeps the loser honest.
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path.read_bytes()
