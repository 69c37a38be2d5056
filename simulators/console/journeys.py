"""Pages of the journeys of a world: their list, and one as a live picture with its exchanges beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from flask import Flask, Response, abort, g, make_response, render_template, request
from markupsafe import Markup

from simulators.console.api.journeys import journey_at, known_of, mask_for, rows_of
from simulators.console.texts import TEXTS
from simulators.core.errors import WorldGone
from simulators.scenario.picture.journeys import journeys
from simulators.scenario.picture.model import Exchange, Journey, Known
from simulators.scenario.picture.svg import svg
from simulators.scenario.picture.words import MARKS, act_words, actor_words, name_of, outcome_words

if TYPE_CHECKING:
    from simulators.sandbox import Sandbox

REFRESH_S: Final = 2
SHOWN: Final = 200


def register(app: Flask, sandbox: Sandbox) -> None:
    """Adds the pages to the console's application."""
    app.add_url_rule("/journeys/<world>", "journeys_page", lambda world: _list(sandbox, world))
    app.add_url_rule("/journeys/<world>/<key>", "journey_page", lambda **at: _journey(sandbox, **at))
    app.add_url_rule("/journeys/<world>/<key>.svg", "journey_svg", lambda **at: _download(sandbox, **at))


def _list(sandbox: Sandbox, world: str) -> Response:
    try:
        rows = rows_of(sandbox, world)
    except WorldGone:
        abort(404, f"world {world}")
    known = known_of(sandbox, world, rows)
    found = journeys(rows, known)[::-1]
    mask = mask_for(sandbox, world, found[:SHOWN])
    lines = [(journey, _through(journey), _patient(journey, known)) for journey in found[:SHOWN]]
    cut = len(found) > SHOWN or bool(rows and rows[0]["number"] > 1)
    return _page("journeys.html", world, lines=lines, mask=mask, cut=cut)


def _journey(sandbox: Sandbox, world: str, key: str) -> Response:
    journey, known = _found(sandbox, world, key)
    mask = mask_for(sandbox, world, [journey])
    picture = svg(journey, g.lang, mask=mask, links=f"/exchanges/{quote(world)}")
    names = {actor.code: actor_words(actor, g.lang)[0] for actor in journey.actors}
    shown = {"journey": journey, "patient": _patient(journey, known), "key": journey.number, "mask": mask}
    rows = [_line(one, names) for one in journey.told]
    # Made by us, every text of it escaped by the writer of XML.
    return _page("journeys_one.html", world, picture=Markup(picture), rows=rows, **shown)


def _download(sandbox: Sandbox, world: str, key: str) -> Response:
    journey, _ = _found(sandbox, world, key)
    drawn = svg(journey, g.lang, mask=mask_for(sandbox, world, [journey]))
    headers = {"Content-Disposition": f'attachment; filename="journey-{journey.number}.svg"'}
    return Response(drawn, 200, headers, content_type="image/svg+xml; charset=utf-8")


def _found(sandbox: Sandbox, world: str, key: str) -> tuple[Journey, Known]:
    """Ends the request (404) when there is none."""
    try:
        journey, known = journey_at(sandbox, world, key)
    except WorldGone:
        abort(404, f"world {world}")
    if journey is None:
        abort(404, f"{world}: {key}")
    return journey, known


def _page(name: str, world: str, **values: Any) -> Response:
    """Asked for again every two seconds, without any script, unless ``live=0``."""
    live = request.args.get("live", "1") != "0"
    html = render_template(name, t=TEXTS[g.lang], lang=g.lang, nonce=g.nonce, world=world, live=live, **values)
    response = make_response(html)
    response.headers["Cache-Control"] = "no-store"
    if live:
        response.headers["Refresh"] = str(REFRESH_S)
    return response


def _patient(journey: Journey, known: Known) -> str:
    name = known.patients.get(journey.patient, "")
    return f"{name} · {journey.patient}" if name else journey.patient


def _through(journey: Journey) -> str:
    return " · ".join(actor_words(actor, g.lang)[0] for actor in journey.actors)


def _line(one: Exchange, names: dict[str, str]) -> dict[str, Any]:
    what = " · ".join(part for part in (name_of(one.label), act_words(one, g.lang)) if part)
    said = outcome_words(one, g.lang)
    return {
        "it": one,
        "numbers": sorted(one.numbers),
        "source": names[one.source.code],
        "target": names[one.target.code],
        "what": what,
        "said": said if MARKS.get(one.outcome) else one.outcome,
    }
