"""The DMP's LPS interface as one list: port, paths, operations, rules, seed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from simulators.core.exchange import Answer, Runtime
from simulators.core.http import Get, http_app, plain_page
from simulators.core.pki import Trust
from simulators.core.rules import Rule
from simulators.core.service import Fidelity, ListenerSpec, Service, WSGIApp
from simulators.dmp import document_settings, seeds, td0_2, td0_3, td2_1, td3_1, td3_2, td3_3
from simulators.dmp.flow import DmpFlow
from simulators.dmp.model import Perform
from simulators.dmp.operations import BASE, OPERATIONS, SERVICES, UPDATES, service_of
from simulators.dmp.rules import (
    identity,
    lot,
    query,
    retrieve,
    rights,
    seal,
    signature,
    td0,
    token,
    transport,
    update,
    vihf,
)

NAME: Final = "dmp"
LISTENER: Final = ListenerSpec("dmp", 10, "mutual")
# Hosts seen in clients and published examples (facts dmp §1.2): production, then development and training.
PRODUCTION_NAMES: Final = (
    "lps2.dmp.gouv.fr",
    "dev6.lps2.dmp.gouv.fr",
    "dev9.lps2.dmp.gouv.fr",
    *(f"formation{number}.lps2.dmp.gouv.fr" for number in range(1, 6)),
    "lps.dev1.dmp.gouv.fr",
    "lps.dev9.dmp.gouv.fr",
    "dev6.lps-igc-sante.dmp.gouv.fr",
)
PERFORMERS: Final[dict[str, Perform]] = {
    "TD0.2": td0_2.perform,
    "TD0.3": td0_3.perform,
    "TD2.1": td2_1.provide_and_register,
    "TD3.1": td3_1.stored_query,
    "TD3.1b": td3_1.stored_query,
    "TD3.2": td3_2.retrieve_document_set,
    **dict.fromkeys((operation.name for operation in UPDATES), td3_3.update_document_set),
}
RULES: Final[tuple[Rule, ...]] = (
    *transport.RULES,
    *seal.RULES,
    *token.RULES,
    *identity.RULES,
    *vihf.RULES,
    *rights.RULES,
    *td0.RULES,
    *lot.RULES,
    *signature.RULES,
    *query.RULES,
    *retrieve.RULES,
    *update.RULES,
)
FIDELITY: Final = (
    Fidelity(
        "TD0.2",
        "existence test: active, closed, none; authorisation and treating-physician status of the caller",
        "place of closing date and motive, and the form of a negative acknowledgement, are inferred",
    ),
    Fidelity(
        "TD0.3",
        "set, remove, treating physician, idempotent repeat; six calendar months; blocked professionals",
        "negative statuses are ours (SIM...): the national list was not read",
    ),
    Fidelity(
        "TD2.1",
        "feeding and replacement: metadata, value sets, authors, CDA header, lot signature, one transaction",
        "which checks the national server replays, and their codes, are mostly inferred and switchable",
    ),
    Fidelity(
        "TD3.1",
        "six stored queries, LeafClass and ObjectRef; masked documents left out silently",
        "the habilitation matrix of 2025 and the limits on results are not applied",
    ),
    Fidelity(
        "TD3.2",
        "documents byte for byte in multipart; unknown identifiers as a Fault, or as a Failure by policy",
        "a retrieve of a deleted document is refused, which is inferred",
    ),
    Fidelity(
        "TD3.3a, TD3.3b",
        "mask, unmask, make visible: new version of the entry under its logicalId; making invisible is refused",
        "one operation, dmp.TD3.3a: the wire does not tell the two apart; version check and codes are inferred",
    ),
    Fidelity(
        "TD3.3c, TD3.3d",
        "delete, archive, unarchive; only an author deletes, in indirect mode its structure; deletion is logical",
        "the codes of the refusals and the answer to a document already deleted are inferred",
    ),
    Fidelity(
        "VIHF",
        "signature, certificates, every mandatory attribute, value sets, the two functional matrices",
        "age of a token and most severities are inferred and switchable; error texts are partly second hand",
    ),
)


def service(trust: Callable[[datetime], Trust]) -> Service:
    """The DMP as a service. ``trust`` gives roots, intermediates and revocations at an instant (keep it cheap)."""
    flow = DmpFlow(trust, PERFORMERS)

    def wsgi(runtime: Runtime, listener: str) -> WSGIApp:
        return http_app(runtime, flow, listener, page=page)

    return Service(
        name=NAME,
        title_fr="DMP, interface des logiciels de professionnels de santé (simulation)",
        title_en="DMP, interface of health professionals' software (simulation)",
        listeners=(LISTENER,),
        wsgi=wsgi,
        rules=RULES,
        paths={name: f"{BASE}/{name}" for name in SERVICES},
        seed=seeds.seed,
        production_names={LISTENER.name: PRODUCTION_NAMES},
        fidelity=FIDELITY,
        settings=tuple(setting.name for setting in document_settings.SETTINGS),
        operations=tuple(f"{NAME}.{operation.name}" for operation in OPERATIONS),
    )


def page(get: Get) -> Answer | None:
    """What a browser sees: the WSDL of the typed service, a status line for the others."""
    name = service_of(get.path)
    if name == "habilitations" and get.query.lower() in {"wsdl", "singlewsdl"}:
        return Answer(200, td0_3.SERVICE.wsdl(get.url), {"Content-Type": "text/xml; charset=utf-8"})
    if name is not None:
        listed = ", ".join(operation.name for operation in OPERATIONS if operation.service == name) or "-"
        return plain_page(f"SIMULATION. DMP {name}: {listed}. POST SOAP 1.2.\n")
    if get.path in {"/", BASE, f"{BASE}/"}:
        paths = "\n".join(f"{BASE}/{service}" for service in SERVICES)
        return plain_page(f"SIMULATION. Segur sandbox, DMP (LPS).\n{paths}\n")
    return None
