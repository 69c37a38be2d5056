"""The hospital record over HTTP: what a user does with its documents, what mails brought, the patients, the notices.

Its rooms declare tables, so they are imported by the handlers, in a sandbox that plays it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulators.console.api.route import Route, Values
from simulators.console.problems import Problem

if TYPE_CHECKING:
    from simulators.core.store.api import Tx
    from simulators.dpi.acts import Change
    from simulators.dpi.house import Moment
    from simulators.dpi.produced import Order
    from simulators.sandbox import Sandbox

NAME = "dpi"


def write_document(sandbox: Sandbox, values: Values, world: str) -> Any:
    """``patient`` and ``professional`` by identifier or reference name; ``flags`` by the name of their OBX-3.1."""

    def done(tx: Tx, moment: Moment) -> Any:
        from simulators.dpi import acts, shown
        from simulators.dpi.life import Act

        told = {"title": values.text("title"), "text": values.text("text"), "by": values.text("professional")}
        draft = acts.write(tx, moment, values.text("patient"), values.text("kind"), _order(values), **told)
        if values.flag("validate"):
            acts.act(tx, moment, draft.document, Act.VALIDATE)
        return shown.document(tx, draft.document)

    return _written(sandbox, world, done)


def list_documents(sandbox: Sandbox, values: Values, world: str) -> Any:
    """The newest first."""
    from simulators.dpi import shown

    return _read(sandbox, world, lambda tx: {"documents": shown.documents(tx)})


def one_document(sandbox: Sandbox, values: Values, world: str, document: int) -> Any:
    """State, versions, messages with their acknowledgements, receipts."""
    from simulators.dpi import shown

    return _read(sandbox, world, lambda tx: shown.document(tx, document))


def act_on(name: str) -> Callable[..., Any]:
    """The handler of one act."""

    def handler(sandbox: Sandbox, values: Values, world: str, document: int) -> Any:
        def done(tx: Tx, moment: Moment) -> Any:
            from simulators.dpi import acts, shown
            from simulators.dpi.life import Act

            shown.document(tx, document)
            acts.act(tx, moment, document, Act(name), _change(values))
            return shown.document(tx, document)

        return _written(sandbox, world, done)

    handler.__name__ = f"{name}_document_of_record"
    handler.__doc__ = f"{name} a document; 409 says why it is not possible now."
    return handler


def list_received(sandbox: Sandbox, values: Values, world: str) -> Any:
    """``integrated``, and ``refused`` (``imported`` is 0 for what still waits for a hand)."""
    from simulators.dpi import shown

    return _read(sandbox, world, shown.received)


def import_received(sandbox: Sandbox, values: Values, world: str, number: int) -> Any:
    """Files a refused document under the patient that a user chose."""

    def done(tx: Tx, moment: Moment) -> Any:
        from simulators.dpi import integration

        one = integration.by_hand(tx, moment, number, values.text("patient"))
        return {"imported": one.number, "patient": one.patient, "document_id": one.document_id, "title": one.title}

    return _written(sandbox, world, done)


def list_patients(sandbox: Sandbox, values: Values, world: str) -> Any:
    """With PID-32, consent and the strict traits."""
    from simulators.dpi import patients, shown

    return _read(sandbox, world, lambda tx: {"patients": [shown.patient(one) for one in patients.everyone(tx)]})


def list_notices(sandbox: Sandbox, values: Values, world: str) -> Any:
    """The newest first."""
    from simulators.dpi import shown

    return _read(sandbox, world, lambda tx: {"notices": shown.notices(tx)})


# --- below


def _read(sandbox: Sandbox, world: str, answer: Callable[[Tx], Any]) -> Any:
    from simulators.dpi.house import NoSuch

    _played(sandbox)
    try:
        with sandbox.store.read(world) as tx:
            return answer(tx)
    except NoSuch as missing:
        raise Problem(404, str(missing)) from missing


def _written(sandbox: Sandbox, world: str, action: Callable[[Tx, Moment], Any]) -> Any:
    from simulators.dpi.house import Moment, NoSuch

    _played(sandbox)
    here = sandbox.worlds.get(world)
    try:
        with sandbox.store.write(world, here.epoch) as tx:
            return action(tx, Moment.of(here, sandbox.now()))
    except NoSuch as missing:
        raise Problem(404, str(missing)) from missing


def _played(sandbox: Sandbox) -> None:
    if all(service.name != NAME for service in sandbox.services):
        raise Problem(404, "this sandbox does not play the hospital record")


def _order(values: Values) -> Order:
    from simulators.dpi.acts import flags_of
    from simulators.dpi.produced import Order

    return Order(
        recipients=tuple(str(one) for one in values.items("recipients")),
        to_patient=values.flag("to_patient"),
        flags=flags_of(values.mapping("flags")),
        reply_to=values.text("reply_to"),
        ack_reception=values.flag("ack_reception") if values.has("ack_reception") else True,
        ack_lecture=values.flag("ack_lecture"),
        fin=values.flag("fin"),
        body_ps=values.text("body_ps"),
        body_patient=values.text("body_patient"),
    )


def _change(values: Values) -> Change:
    from simulators.dpi.acts import Change, flags_of

    return Change(
        title=values.text("title") if values.has("title") else None,
        text=values.text("text") if values.has("text") else None,
        professional=values.text("professional") if values.has("professional") else None,
        recipients=tuple(str(one) for one in values.items("recipients")) if values.has("recipients") else None,
        flags=flags_of(values.mapping("flags")) if values.has("flags") else None,
        validate=values.flag("validate") if values.has("validate") else True,
    )


_STRING, _FLAG = {"type": "string"}, {"type": "boolean"}
_STRINGS, _FLAGS = {"type": "array", "items": {"type": "string"}}, {"type": "object"}
_TEXTS = dict.fromkeys(("title", "text", "professional"), _STRING)
_DOCUMENT: dict[str, Any] = {
    **dict.fromkeys(("patient", "kind"), _STRING),
    **_TEXTS,
    "recipients": _STRINGS,
    "flags": _FLAGS,
    **dict.fromkeys(("reply_to", "body_ps", "body_patient"), _STRING),
    **dict.fromkeys(("to_patient", "ack_reception", "ack_lecture", "fin", "validate"), _FLAG),
}
_CHANGES: dict[str, dict[str, Any]] = {
    "replace": {**_TEXTS, "recipients": _STRINGS, "flags": _FLAGS, "validate": _FLAG},
    "visibility": {"flags": _FLAGS, "validate": _FLAG},
}
_ALL = "/worlds/<world>/dpi"
_ACTS = {
    "validate": "Validates a draft: its message leaves once the deferral is over",
    "hold": "Holds an order that has not left",
    "resume": "Lets an order go on that was held",
    "cancel": "Cancels an order that has not left",
    "replace": "Makes a new version (T10, RO, C)",
    "delete": "Deletes the document at the PFI (T04, CA, D)",
    "visibility": "Makes a new version with other visibility flags (MODIF_CONF_CODE = Y)",
    "resend": "Sends the same version once more, under a new MSH-10",
}
ROUTES = (
    Route(
        "POST",
        f"{_ALL}/documents",
        "Writes a document in the hospital record",
        write_document,
        _DOCUMENT,
        {},
        ("patient", "kind"),
        status=201,
    ),
    Route("GET", f"{_ALL}/documents", "Documents of the hospital record", list_documents),
    Route("GET", f"{_ALL}/documents/<int:document>", "One document of the hospital record", one_document),
    *(
        Route("POST", f"{_ALL}/documents/<int:document>/{name}", told, act_on(name), _CHANGES.get(name, {}))
        for name, told in _ACTS.items()
    ),
    Route("GET", f"{_ALL}/received", "Documents that mails brought to the hospital record", list_received),
    Route(
        "POST",
        f"{_ALL}/received/<int:number>/import",
        "Files a refused document by hand",
        import_received,
        {"patient": _STRING},
        {},
        ("patient",),
    ),
    Route("GET", f"{_ALL}/patients", "Patients of the hospital record", list_patients),
    Route("GET", f"{_ALL}/notices", "Notices to the users of the hospital record", list_notices),
)
