"""Mending cases of TD3.1 and TD3.2."""

from __future__ import annotations

from functools import partial

from simulators.core.rules import Level, Policy, Rule
from simulators.dmp.query import ENTRY
from simulators.dmp.rules import query, retrieve, rights
from simulators.dmp.rules.making import BODY
from tests.support.dmp_messages import AIR, envelope
from tests.support.mending import Breaker, Case, change, insert, remove

FIND = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
GET = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
APPROVED = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"
REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
QUERY = f"{BODY}/query:AdhocQueryRequest/rim:AdhocQuery"
OPTION = f"{BODY}/query:AdhocQueryRequest/query:ResponseOption"
ASKED = f"{BODY}/xds:RetrieveDocumentSetRequest/xds:DocumentRequest"
# Searching needs an authorisation, which is not what these cases are about.
POLICY = Policy(overrides={rights.AUTHORISATION.id: Level.OFF})
SLOTS = {
    "Status": APPROVED,
    "TypeCode": "('11488-4^^2.16.840.1.113883.6.1')",
    "CreationTimeFrom": "20260101",
}


def slot(name: str, value: str) -> str:
    return f'<Slot name="{ENTRY}{name}"><ValueList><Value>{value}</Value></ValueList></Slot>'


def search(uuid: str = FIND, slots: tuple[tuple[str, str], ...] = tuple(SLOTS.items())) -> bytes:
    inside = "".join(slot(name, value) for name, value in slots)
    body = (
        '<AdhocQueryRequest xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0">'
        '<ResponseOption returnComposedObjects="true" returnType="LeafClass"/>'
        f'<AdhocQuery xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" id="{uuid}">{inside}</AdhocQuery>'
        "</AdhocQueryRequest>"
    )
    return envelope("TD3.1", body, AIR)


def retrieval(unique_id: str = "1.2.250.1.999.9.1.2.1") -> bytes:
    body = (
        '<RetrieveDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007"><DocumentRequest>'
        f"<RepositoryUniqueId>{REPOSITORY}</RepositoryUniqueId><DocumentUniqueId>{unique_id}</DocumentUniqueId>"
        "</DocumentRequest></RetrieveDocumentSetRequest>"
    )
    return envelope("TD3.2", body, AIR)


def value(name: str) -> str:
    return f"{QUERY}/rim:Slot[@name='{ENTRY}{name}']/rim:ValueList/rim:Value"


def searched(rule: Rule, breaker: Breaker) -> Case:
    return Case(rule, search, breaker, POLICY, options={"operation": "TD3.1"})


def got(rule: Rule, breaker: Breaker) -> Case:
    good = partial(search, GET, (("UniqueId", "('1.2.250.1.999.9.1.2.1')"), ("Comment", "'another Slot'")))
    return Case(rule, good, breaker, POLICY, options={"operation": "TD3.1"})


def retrieved(rule: Rule, breaker: Breaker, unique_id: str = "1.2.250.1.999.9.1.2.1") -> Case:
    return Case(rule, partial(retrieval, unique_id), breaker, POLICY, options={"operation": "TD3.2"})


MANY = "(" + ",".join(f"'1.2.250.1.999.9.1.2.{number}'" for number in range(1, 22)) + ")"
MISSPELT = slot("TypeCodes", "('11488-4^^2.16.840.1.113883.6.1')").replace(
    "<Slot ", '<Slot xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" '
)
UUID = "urn:uuid:00000000-0000-4000-8000-000000000101"

CASES = [
    searched(query.UNKNOWN, change(f"{QUERY}/@id", FIND[:-1] + "e")),
    searched(query.RETURN_TYPE, change(f"{OPTION}/@returnType", "RegistryObject")),
    searched(query.SYNTAX, change(value("TypeCode"), "('11488-4^^2.16.840.1.113883.6.1'")),
    searched(query.MISSING, remove(f"{QUERY}/rim:Slot[@name='{ENTRY}Status']")),
    searched(query.NUMBER, change(value("CreationTimeFrom"), "(20260101,20260102)")),
    searched(query.DATE, change(value("CreationTimeFrom"), "20261301")),
    searched(query.TOLERATED, change(value("CreationTimeFrom"), "'20260101'")),
    searched(query.UNKNOWN_PARAMETER, insert(QUERY, -1, MISSPELT)),
    got(query.BATCH, change(value("UniqueId"), MANY)),
    retrieved(retrieve.EMPTY, remove(ASKED)),
    retrieved(retrieve.REPOSITORY, change(f"{ASKED}/xds:RepositoryUniqueId", "1.2.250.1.999.9.404")),
    retrieved(retrieve.ENTRY_UUID, change(f"{ASKED}/xds:DocumentUniqueId", UUID)),
    retrieved(retrieve.UNKNOWN, change(f"{ASKED}/xds:DocumentUniqueId", "1.2.250.1.999.9.1.404"), UUID),
]
