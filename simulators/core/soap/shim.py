"""Letting an old library be imported on recent interpreters without a trace on the user's process.

spyne 2.14 carries a copy of ``six`` whose importer Python 3.12 no longer calls, and imports ``cgi``, which 3.13 no
longer has (facts tech §1). During the import, and for the importing thread only, a private finder answers for these two
names: the copy is replaced by the ``six`` of PyPI, loaded under the name of the copy; ``cgi`` by the one function that
is used. Afterwards the finders are gone, ``cgi`` too, and warnings are as they were.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from simulators.core.soap.media import parse_media_type

_COPY = "spyne.util.six"
_LOCK = threading.RLock()


@contextmanager
def old_library_importable() -> Iterator[None]:
    """Within it, ``import spyne...`` works on Python 3.11 to 3.13; whatever is needed later must be imported within."""
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        finder = _Finder()
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path[:] = [other for other in sys.meta_path if other is not finder and not _of_the_copy(other)]
            if sys.modules.get("cgi") is finder.cgi:
                del sys.modules["cgi"]


def _of_the_copy(finder: object) -> bool:
    # The importer that six puts in sys.meta_path, here for the names below the copy.
    return getattr(finder, "name", None) == _COPY


class _Finder(MetaPathFinder):
    def __init__(self) -> None:
        self.cgi = _cgi()
        self._thread = threading.get_ident()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if threading.get_ident() != self._thread:
            return None
        if fullname == "cgi":
            return ModuleSpec("cgi", _Ready(self.cgi))
        return _six() if fullname == _COPY else None


class _Ready(Loader):
    """Gives a module made beforehand."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


class _Six(Loader):
    """The six of PyPI, plus the one name that only the copy has."""

    def __init__(self, inner: Loader) -> None:
        self._inner = inner

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        module.get_function_name = _function_name  # type: ignore[attr-defined]


def _six() -> ModuleSpec | None:
    found = importlib.util.find_spec("six")
    if found is None or found.origin is None:
        return None
    spec = importlib.util.spec_from_file_location(_COPY, found.origin)
    if spec is not None and spec.loader is not None:
        spec.loader = _Six(spec.loader)
    return spec


def _function_name(function: object) -> str:
    return str(getattr(function, "__name__", function))


def _cgi() -> ModuleType:
    module = ModuleType("cgi", "The one function of the cgi module of old that is used here.")
    module.parse_header = _parse_header  # type: ignore[attr-defined]
    return module


def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    media = parse_media_type(line)
    return media.essence, dict(media.parameters)
