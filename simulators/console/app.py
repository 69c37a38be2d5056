"""The console port: control API, OpenAPI and pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, request

from simulators.console import configuration, journeys, openapi, pages, problems
from simulators.console.access import API, COOKIE, Access
from simulators.console.api import (
    checking,
    dmp,
    dmp_documents,
    doctor,
    dpi,
    exchanges,
    general,
    identity,
    mail,
    people,
    pfi,
    pro_sante_connect,
    proof,
    providers,
    triggers,
    watching,
    webmail,
    worlds,
)
from simulators.console.api import journeys as api_journeys
from simulators.console.api.route import Route, Values
from simulators.core.service import WSGIApp

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

ROUTES: tuple[Route, ...] = (
    *general.ROUTES,
    *proof.ROUTES,
    *worlds.ROUTES,
    *people.ROUTES,
    *providers.ROUTES,
    *pro_sante_connect.ROUTES,
    *exchanges.ROUTES,
    *api_journeys.ROUTES,
    *triggers.ROUTES,
    *doctor.ROUTES,
    *checking.ROUTES,
    *mail.ROUTES,
    *webmail.ROUTES,
    *dmp.ROUTES,
    *dmp_documents.ROUTES,
    *identity.ROUTES,
    *pfi.ROUTES,
    *dpi.ROUTES,
    *watching.ROUTES,
)
LARGEST_BODY = 1 << 20
OPENAPI = f"{API}/openapi.json"


def console_app(sandbox: Sandbox) -> WSGIApp:
    """The WSGI application of the console port."""
    app = Flask("simulators.console")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    open_paths = [OPENAPI, *(f"{API}{route.path}" for route in ROUTES if route.open)]
    alone = sandbox.settings.on_loopback
    access = Access(sandbox.token, sandbox.settings.names, open_paths, pages_open=alone)

    @app.before_request
    def check_access() -> Response | None:
        problem = access.problem(request)
        return problems.render(*problem) if problem else None

    @app.after_request
    def keep_token(response: Response) -> Response:
        if not alone and "token" in request.args and access.shown(request):
            response.set_cookie(COOKIE, sandbox.token, httponly=True, samesite="Strict")
        return response

    for route in ROUTES:
        endpoint = f"{route.method} {route.path}"
        app.add_url_rule(f"{API}{route.path}", endpoint, _view(sandbox, route), methods=[route.method])
    app.add_url_rule(OPENAPI, "openapi", lambda: jsonify(openapi.document(ROUTES)))
    pages.register(app, sandbox)
    configuration.register(app, sandbox)
    journeys.register(app, sandbox)
    if any(service.name == "mssante" for service in sandbox.services):
        from simulators.console import mail as webmail_pages

        webmail_pages.register(app, sandbox)
    if any(service.name == "dpi" for service in sandbox.services):
        from simulators.console import dpi as worklist_pages

        worklist_pages.register(app, sandbox)
    if any(service.name == pfi.NAME for service in sandbox.services):
        from simulators.console import pfi as pfi_page

        pfi_page.register(app, sandbox)
    app.register_error_handler(Exception, _problem)
    return app


def _view(sandbox: Sandbox, route: Route) -> Callable[..., Any]:
    def view(**path: Any) -> Any:
        request.max_content_length = route.largest or LARGEST_BODY
        values = Values(_body(), request.args)
        values.check(route)
        answer = route.handler(sandbox, values, **path)
        return answer if isinstance(answer, Response) else (jsonify(answer), route.status)

    return view


def _body() -> dict[str, Any]:
    if not request.get_data():  # of any type: a form must not count as an empty body
        return {}
    try:
        body = request.get_json()
    except RecursionError:
        raise problems.Problem(400, "the body is nested too deeply") from None
    if not isinstance(body, dict):
        raise problems.Problem(400, "the body must be a JSON object")
    return body


def _problem(error: Exception) -> Response:
    status, said = problems.of_error(error)
    return problems.render(status, said) if request.path.startswith(f"{API}/") else pages.error(status, said)
