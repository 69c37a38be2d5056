"""``/config``: what to type into a product's settings screen, with a light a line, and the same as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, abort, g, jsonify, render_template, request

from simulators.assembly.configuration.downloads import FORMATS
from simulators.assembly.configuration.lights import lights
from simulators.assembly.configuration.model import Light
from simulators.assembly.configuration.values import hospital_of, sections
from simulators.assembly.endpoints import certificate_files
from simulators.console.texts import TEXTS
from simulators.core.errors import WorldGone
from simulators.core.world import MAIN

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

USES: Final = ("auth_cli", "sign")
FORMS: Final = ("certificate", "key", "chain", "der", "pkcs12", "pkcs12_legacy")


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds the page, its lights, its downloads and the certificates of the hospital."""
    app.add_url_rule("/config", "config", lambda: _config(sandbox))
    app.add_url_rule("/config/lights", "config_lights", lambda: _lights(sandbox))
    app.add_url_rule("/config/certificates/<use>/<form>", "config_file", lambda **at: _certificate(sandbox, **at))


def _config(sandbox: Sandbox) -> Response:
    """The page, or one of the downloads (``?format=``)."""
    world, wanted = _world(sandbox), request.args.get("format")
    found = sections(sandbox, world)
    if wanted is not None:
        if wanted not in FORMATS:
            abort(400, f"format: {', '.join(FORMATS)}")
        name, kind, write = FORMATS[wanted]
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(write(found), 200, headers, content_type=kind)
    page = render_template(
        "config.html",
        t=TEXTS[g.lang],
        lang=g.lang,
        nonce=g.nonce,
        world=world,
        worlds=sandbox.worlds.names(),
        sections=found,
        lights=lights(sandbox.store, world, found),
        formats=FORMATS,
        uses=USES,
        forms=FORMS,
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{g.nonce}'; script-src 'nonce-{g.nonce}'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return Response(
        page, 200, {"Content-Security-Policy": policy, "Cache-Control": "no-store"}, content_type="text/html"
    )


def _lights(sandbox: Sandbox) -> Response:
    world = _world(sandbox)
    found = lights(sandbox.store, world, sections(sandbox, world))
    return jsonify({key: _light(light) for key, light in found.items()})


def _light(light: Light) -> dict[str, Any]:
    return {"state": light.state, "exchange": light.exchange, "reason": {"fr": light.reason.fr, "en": light.reason.en}}


def _certificate(sandbox: Sandbox, use: str, form: str) -> Response:
    """One file of the hospital's certificates, for a product that shares no folder with the sandbox."""
    world = _world(sandbox)
    files = certificate_files(sandbox, world, hospital_of(sandbox, world), bundles=True)
    if use not in USES or form not in FORMS:
        abort(404, f"{use}/{form}")
    path = Path(files[use][form])
    headers = {"Content-Disposition": f'attachment; filename="{path.name}"', "Cache-Control": "no-store"}
    return Response(path.read_bytes(), 200, headers, content_type="application/octet-stream")


def _world(sandbox: Sandbox) -> str:
    world = request.args.get("world") or MAIN
    try:
        sandbox.worlds.get(world)
    except WorldGone:
        abort(404, f"world {world}")
    if world.startswith("-"):
        abort(404, f"world {world}")
    return world
