"""A heavy client's server in front of a running sandbox: CIBA over real TLS, by secret or by certificate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from simulators.assembly.endpoints import trust_files
from simulators.clients.control import Control
from simulators.pro_sante_connect.seeds import own_client_id
from simulators.sandbox import Sandbox

PERSON, OTHER = "899700000021", "899700000039"
GRANT = "urn:openid:params:grant-type:ciba"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Product:
    """``held`` is a structure of the world whose certificate proves the client instead of its secret."""

    def __init__(self, sandbox: Sandbox, world: str, client_id: str = "", secret: str = "", held: str = "") -> None:
        described = sandbox.describe(world, certificates=bool(held))
        self.world = world
        self.places: dict[str, str] = described["services"]["pro_sante_connect"]
        own = next(c for c in described["clients"] if c["client_id"] == own_client_id(world))
        self.client_id, self.secret = client_id or own["client_id"], secret or own["secret"]
        self.web = requests.Session()
        self.web.trust_env = False
        self.web.verify = str(trust_files(sandbox)["roots"])
        if held:
            files = next(s for s in described["structures"] if s["slug"] == held)["certificates"]["auth_cli"]
            self.web.cert, self.secret = (files["certificate"], files["key"]), ""

    def post(self, place: str, **form: str) -> requests.Response:
        """A form with the client's own proof; an empty value takes a parameter away."""
        known = {"client_id": self.client_id, "client_secret": self.secret}
        filled = {name: value for name, value in {**known, **form}.items() if value}
        return self.web.post(self.places[place], data=filled, allow_redirects=False, timeout=20)

    def backchannel(self, **given: str) -> requests.Response:
        asked = {
            "scope": "openid scope_all",
            "login_hint": PERSON,
            "binding_message": "42",
            "acr_values": "eidas1",
            "channel": "MOBILE",
        }
        return self.post("ciba", **{**asked, **given})

    def number(self, **given: str) -> str:
        answer = self.backchannel(**given)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["auth_req_id"])

    def poll(self, auth_req_id: str) -> requests.Response:
        return self.post("token", grant_type=GRANT, auth_req_id=auth_req_id)

    def told(self, auth_req_id: str) -> str:
        """The error of a poll, empty once it gave tokens."""
        return str(self.poll(auth_req_id).json().get("error", ""))

    def userinfo(self, access_token: str) -> dict[str, Any]:
        bearer = {"Authorization": f"Bearer {access_token}"}
        found: dict[str, Any] = self.web.get(self.places["userinfo"], headers=bearer, timeout=20).json()
        return found


class Watch:
    """The wire time of a world, stopped and moved by hand."""

    def __init__(self, control: Control, world: str) -> None:
        self._control, self._path, self._now = control, f"/worlds/{world}/clock", START
        self.pass_(0)

    def pass_(self, seconds: int) -> None:
        self._now += timedelta(seconds=seconds)
        self._control.call("POST", self._path, {"freeze": self._now.isoformat()})
