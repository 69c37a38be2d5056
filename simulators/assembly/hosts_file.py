"""One marked block in a hosts file: added, replaced and taken away without touching another byte."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from simulators.core.errors import EnvironmentProblem

BEGIN = b"# BEGIN segur-sandbox: names of a SIMULATION; take away with: segur-sandbox hosts --remove"
# The file had no end of line at its end: taking the block away takes ours away too.
BEGIN_ADDED = BEGIN + b" (end of line added)"
END = b"# END segur-sandbox"
_BLOCK = re.compile(
    rb"^(?:%b|(?P<added>%b))(?P<end>\r?\n)(?:(?!# BEGIN segur-sandbox|# END segur-sandbox).*\n)*%b(?:\r?\n|\Z)"
    % (re.escape(BEGIN), re.escape(BEGIN_ADDED), END),
    re.MULTILINE,
)
_MARK = re.compile(rb"^# (?:BEGIN|END) segur-sandbox", re.MULTILINE)


def system_file(environment: Mapping[str, str], *, windows: bool = os.name == "nt") -> Path:
    """The hosts file of this machine."""
    if windows:
        return Path(environment.get("SystemRoot", r"C:\Windows")) / "System32" / "drivers" / "etc" / "hosts"
    return Path("/etc/hosts")


def lines(address: str, names: Iterable[str]) -> list[str]:
    """One name a line: Windows reads no more than nine names of one."""
    return [f"{address} {name}" for name in names]


def with_block(content: bytes, wanted: Iterable[str]) -> bytes:
    """``content`` with the block of these lines at its end, in place of an older one. Raises ``EnvironmentProblem``."""
    rest = without_block(content)
    end = b"\r\n" if b"\r\n" in rest else b"\n"
    added = bool(rest) and not rest.endswith(b"\n")
    block = [BEGIN_ADDED if added else BEGIN, *(line.encode("ascii") for line in wanted), END]
    return rest + (end if added else b"") + b"".join(line + end for line in block)


def without_block(content: bytes) -> bytes:
    """``content`` as it was before :func:`with_block`. Raises ``EnvironmentProblem`` when our marks do not pair."""
    while found := _BLOCK.search(content):
        before, after = content[: found.start()], content[found.end() :]
        if found["added"] and not after:
            before = before.removesuffix(found["end"])
        content = before + after
    if _MARK.search(content):
        raise EnvironmentProblem("the marks of segur-sandbox in this hosts file do not pair: mend it by hand")
    return content


def change(path: Path, content: bytes) -> bool:
    """Writes ``content`` whole or not at all; False when it is there already. Raises ``EnvironmentProblem``.

    Owner and mode are kept, a symbolic link stays one. A file that cannot be replaced because it is mounted by itself
    (``/etc/hosts`` of a container) is written in place.
    """
    real = path.resolve()
    if read(real) == content:
        return False
    try:
        _replace(real, content)
    except OSError as problem:
        raise _unwritable(path, problem) from problem
    return True


def read(path: Path) -> bytes:
    """The file's bytes, none when there is no file. Raises ``EnvironmentProblem``."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as problem:
        raise _unwritable(path, problem) from problem


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".segur-hosts-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        _like(path, temporary)
        temporary.replace(path)
    except OSError as problem:
        if problem.errno not in {errno.EBUSY, errno.EXDEV}:
            raise
        path.write_bytes(content)
    finally:
        temporary.unlink(missing_ok=True)


def _like(path: Path, temporary: Path) -> None:
    """Mode and owner of ``path``; a new file is readable by all."""
    if not path.exists():
        temporary.chmod(0o644)
        return
    shutil.copymode(path, temporary)
    with contextlib.suppress(OSError, LookupError, NotImplementedError, AttributeError):
        shutil.chown(temporary, path.stat().st_uid, path.stat().st_gid)


def _unwritable(path: Path, problem: OSError) -> EnvironmentProblem:
    return EnvironmentProblem(f"{path}: {problem.strerror or problem}; an administrator may change it (sudo)")
