"""The simulators this version has, by name; imported only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from simulators.core.errors import EnvironmentProblem
from simulators.core.service import Service, WSGIApp

ROOMS = {"dmp": "simulators.dmp.service"}
CONSOLE = "simulators.console.app"


def load_services(only: Sequence[str] = ()) -> tuple[Service, ...]:
    """The services named, or all. Raises :class:`EnvironmentProblem` for an unknown name."""
    unknown = [name for name in only if name not in ROOMS]
    if unknown:
        raise EnvironmentProblem(f"no simulator named {unknown[0]}: there are {', '.join(ROOMS)}")
    found: list[Service] = [import_module(ROOMS[name]).SERVICE for name in (only or ROOMS)]
    return tuple(found)


def load_console() -> Callable[[Any], WSGIApp]:
    """The console's application, by name as well: it stands above the façade it is given."""
    found: Callable[[Any], WSGIApp] = import_module(CONSOLE).console_app
    return found
