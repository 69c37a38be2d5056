"""What a world may choose about its Pro Santé Connect (policy ``settings``); durations in seconds of wire time."""

from __future__ import annotations

from typing import Final

from simulators.core.setting import Setting

ACCESS: Final = Setting("psc.access-seconds", "120", "life of an access token and of an ID token")
REFRESH: Final = Setting("psc.refresh-seconds", "1800", "life of an unused refresh token")
SESSION: Final = Setting("psc.session-seconds", "14400", "life of a session, however busy")
IDLE: Final = Setting("psc.session-idle-seconds", "1800", "life of a session nobody uses")
LOGIN: Final = Setting("psc.login-seconds", "1800", "how long the choice of an identity may take")
CODE: Final = Setting("psc.code-seconds", "60", "life of an authorization code (not published)")
ROTATION: Final = Setting("psc.refresh-rotation", "true", "each refresh token serves once (not published)")
ACR: Final = Setting("psc.acr", "eidas1", "acr that tokens carry: eidas1, eidas2, eidas3, or absent")
MEANS: Final = Setting("psc.means", "CARD", "authMode where the wallet page did not say: CARD or MOBILE")
STANDARD: Final = Setting("psc.standard-discovery", "true", "the standard discovery name answers too")
DISCOVERY: Final = Setting(
    "psc.discovery", "played", "played: what is offered here; national: the lists of the real one"
)
DROP_STATE: Final = Setting("psc.logout-drops-state", "false", "state is dropped on the way back from a logout")
HINT: Final = Setting(
    "psc.login-hint", "login", "login_hint: login signs that person in at once, prefill only proposes"
)
AUTO: Final = Setting("psc.auto-login", "", "national id of the person who is signed in without any page")
LOOPBACK: Final = Setting("psc.loopback-port", "true", "the port of a loopback redirect URI may vary (RFC 8252)")
CIBA_EXPIRY: Final = Setting("psc.ciba-seconds", "120", "life of a CIBA request")
CIBA_INTERVAL: Final = Setting("psc.ciba-interval", "5", "least time between two polls")
CIBA_AUTO: Final = Setting(
    "psc.ciba-auto", "", "answer of every e-CPS by itself: approve, refuse, pin-blocked, offline"
)
CIBA_AUTO_AFTER: Final = Setting(
    "psc.ciba-auto-after-polls", "1", "polls that still find it pending before that answer"
)
CIBA_SPEC: Final = Setting(
    "psc.ciba-spec-errors", "false", "unknown_user_id of the standard instead of Keycloak's error"
)

SETTINGS: Final = (
    *(ACCESS, REFRESH, SESSION, IDLE, LOGIN, CODE, ROTATION, ACR, MEANS, STANDARD, DISCOVERY, DROP_STATE),
    *(HINT, AUTO, LOOPBACK, CIBA_EXPIRY, CIBA_INTERVAL, CIBA_AUTO, CIBA_AUTO_AFTER, CIBA_SPEC),
)
