"""RSA-2048 keys made once and kept in a cache folder of the user.

Making one RSA-2048 key costs 30 to 130 ms, so a world's certificates take their keys from a small pool: a simulation
needs distinct *certificates* (routing goes by fingerprint), not distinct keys. Two rules remain: the AUTH_CLI and the
SIGN certificate of one holder never share a key, and no key is ever shipped with the package.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulators.core.pki.files import create_once, write_atomic

KEY_BITS = 2048
PUBLIC_EXPONENT = 65537
LEAF_KEYS = 8

Use = Literal["authentication", "signature"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def default_cache_dir(env: Mapping[str, str]) -> Path:
    """Return the user's cache folder: ``XDG_CACHE_HOME``, else ``LOCALAPPDATA``, else ``~/.cache``, + segur-sandbox.

    Relative values are ignored, as the XDG Base Directory specification asks. Nothing is created.
    """
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        base = Path(env.get(variable, ""))
        if base.is_absolute():
            return base / "segur-sandbox"
    home = env.get("HOME") or env.get("USERPROFILE")
    return (Path(home) if home else Path.home()) / ".cache" / "segur-sandbox"


def key_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return the key as unencrypted PKCS#8 PEM (RFC 5958)."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def fresh_key_pem() -> bytes:
    """Return a key nobody else has, as PKCS#8 PEM: what signs the tokens of one world."""
    return key_pem(rsa.generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=KEY_BITS))


def load_key(pem: bytes) -> rsa.RSAPrivateKey:
    """Read one of our own RSA keys. Raises ValueError for anything else.

    The prime checks are skipped: they cost 40 ms a key, and only files we wrote ourselves come here.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except (TypeError, UnsupportedAlgorithm) as problem:
        raise ValueError(f"not a usable private key: {problem}") from problem
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA private key")
    return key


class KeyPool:
    """Named RSA-2048 keys of one cache folder; the same name always gives the same key.

    Safe for threads and for several processes on one folder: the first file written wins and everybody reads it back.
    """

    def __init__(self, cache_dir: Path, *, leaf_keys: int = LEAF_KEYS) -> None:
        """``leaf_keys`` is the number of reusable certificate keys, even and at least 2."""
        if leaf_keys < 2 or leaf_keys % 2:
            raise ValueError("leaf_keys must be even and at least 2")
        self._folder = cache_dir / "keys"
        self._leaf_keys = leaf_keys
        self._loaded: dict[str, rsa.RSAPrivateKey] = {}

    def key(self, name: str) -> rsa.RSAPrivateKey:
        """Return the key called ``name`` (lower-case letters, digits, ``.``, ``_``, ``-``), making it if needed.

        A damaged file is replaced. Raises ValueError for another name, OSError when the folder cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a key name: {name!r}")
        if name not in self._loaded:
            self._loaded.setdefault(name, self._read(name) or self._make(name))
        return self._loaded[name]

    def leaf(self, holder: str, use: Use) -> rsa.RSAPrivateKey:
        """Return the pool key of a holder: even numbers authenticate, odd ones sign, so the two never meet."""
        digest = hashlib.sha256(holder.encode()).digest()
        pair = int.from_bytes(digest[:4], "big") % (self._leaf_keys // 2)
        return self.key(f"leaf-{2 * pair + (use == 'signature')}")

    def warm(self, n: int) -> threading.Thread:
        """Make the first ``n`` leaf keys in a background thread and return it, started (join it or forget it)."""
        thread = threading.Thread(target=self._warm, args=(n,), name="key-pool", daemon=True)
        thread.start()
        return thread

    def _warm(self, n: int) -> None:
        for number in range(min(n, self._leaf_keys)):
            self.key(f"leaf-{number}")

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.pem"

    def _read(self, name: str) -> rsa.RSAPrivateKey | None:
        try:
            return load_key(self._path(name).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def _make(self, name: str) -> rsa.RSAPrivateKey:
        pem = fresh_key_pem()
        try:
            return load_key(create_once(self._path(name), pem, private=True))
        except ValueError:
            write_atomic(self._path(name), pem, private=True)
            return load_key(pem)
