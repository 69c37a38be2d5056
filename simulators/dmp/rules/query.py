"""Rules of TD3.1: the query, its parameters, the search right after a feeding (facts dmp §1.11, §4.10, §5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from simulators.core.rules import Example, Finding, Level, Policy
from simulators.dmp import document_settings as settings
from simulators.dmp.query import ENTRY, LEAF_CLASS, OBJECT_REF, SET, Parameter, Slot, StoredQuery
from simulators.dmp.rules import rights
from simulators.dmp.rules.making import BODY, INFERRED, SOURCED, STANDARD, rule
from simulators.dmp.vihf import Vihf
from simulators.documents.errors import BadValue
from simulators.documents.xds.values import Cx, pad_dtm

_ITI_18: Final = "IHE ITI TF-2 §3.18"
_QUERY: Final = f"{BODY}/query:AdhocQueryRequest/rim:AdhocQuery"
_RETURN: Final = f"{BODY}/query:AdhocQueryRequest/query:ResponseOption/@returnType"


def _value(name: str) -> str:
    return f"{_QUERY}/rim:Slot[@name='{name}']/rim:ValueList/rim:Value"


UNKNOWN = rule(
    "QUERY-UNKNOWN",
    "AdhocQuery/@id",
    "cette requête enregistrée est inconnue",
    "this stored query is unknown",
    "donnez l'UUID d'une requête du tableau ITI-18, par exemple celui de FindDocuments",
    "give the UUID of a query of the ITI-18 table, for example that of FindDocuments",
    source=_ITI_18,
    grade=STANDARD,
    code="XDSUnknownStoredQuery",
    form="registry",
    example=Example(
        f"{_QUERY}/@id", "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0e", "the UUID of a stored query of the DMP"
    ),
)
RETURN_TYPE = rule(
    "QUERY-RETURN-TYPE",
    "ResponseOption/@returnType",
    "returnType n'est ni LeafClass ni ObjectRef",
    "returnType is neither LeafClass nor ObjectRef",
    "demandez LeafClass (métadonnées) ou ObjectRef (références)",
    "ask for LeafClass (metadata) or ObjectRef (references)",
    source=_ITI_18,
    grade=STANDARD,
    code="XDSRegistryError",
    form="registry",
    example=Example(_RETURN, "RegistryObject", "LeafClass or ObjectRef"),
)
SYNTAX = rule(
    "QUERY-SYNTAX",
    "values of the parameters",
    "la valeur de ce paramètre n'est ni une chaîne entre apostrophes, ni un nombre, ni une liste",
    "the value of this parameter is no quoted string, no number and no list",
    "écrivez 'texte', 20260101 ou ('a','b'), une apostrophe doublée à l'intérieur",
    "write 'text', 20260101 or ('a','b'), an apostrophe inside doubled",
    source=_ITI_18,
    grade=STANDARD,
    code="XDSRegistryError",
    form="registry",
    needs=("QUERY-UNKNOWN",),
    example=Example(_value(f"{ENTRY}TypeCode"), "('11488-4^^2.16.840.1.113883.6.1'", "a closing parenthesis"),
)
MISSING = rule(
    "QUERY-MISSING-PARAM",
    "required parameters",
    "un paramètre obligatoire de cette requête manque",
    "a required parameter of this query is missing",
    "ajoutez le paramètre attendu, avec au moins une valeur",
    "add the parameter expected, with at least one value",
    source=_ITI_18,
    grade=STANDARD,
    code="XDSStoredQueryMissingParam",
    form="registry",
    needs=("QUERY-UNKNOWN", "QUERY-SYNTAX"),
    example=Example(f"{_QUERY}/rim:Slot[@name='{ENTRY}Status']", "(absent)", f"{ENTRY}Status"),
)
NUMBER = rule(
    "QUERY-PARAM-NUMBER",
    "number of values of a parameter",
    "ce paramètre n'admet qu'une valeur, ou ne se répète pas",
    "this parameter takes one value only, or may not be repeated",
    "gardez une seule valeur, un seul Slot ; des listes séparent leurs valeurs par des virgules",
    "keep one value, one Slot; lists separate their values by commas",
    source=_ITI_18,
    grade=STANDARD,
    code="XDSStoredQueryParamNumber",
    form="registry",
    needs=("QUERY-UNKNOWN", "QUERY-SYNTAX"),
    example=Example(_value(f"{ENTRY}CreationTimeFrom"), "2 values", "one value"),
)
DATE = rule(
    "QUERY-DATE",
    "instants of the parameters",
    "cet instant n'est pas un DTM",
    "this instant is no DTM",
    "écrivez 4 à 14 chiffres, en UTC : aaaa, aaaaMMjj, aaaaMMjjHHmmss",
    "write 4 to 14 digits, in UTC: yyyy, yyyyMMdd, yyyyMMddHHmmss",
    source=_ITI_18,
    grade=STANDARD,
    code="XDSRegistryError",
    form="registry",
    needs=("QUERY-UNKNOWN", "QUERY-SYNTAX", "QUERY-PARAM-NUMBER"),
    example=Example(_value(f"{ENTRY}CreationTimeFrom"), "20261301", "a DTM of 4 to 14 digits, in UTC"),
)
TOLERATED = rule(
    "QUERY-TOLERATED",
    "form of the values",
    "la forme de cette valeur n'est pas celle de la norme ; elle est comprise quand même",
    "the form of this value is not that of the standard; it is understood all the same",
    "dates sans apostrophes, chaînes entre apostrophes, listes entre parenthèses même pour une valeur",
    "dates without quotes, strings in quotes, lists in parentheses even for one value",
    source=_ITI_18,
    grade=INFERRED,
    level=Level.WARN,
    form="registry",
    code="XDSRegistryError",
    needs=("QUERY-UNKNOWN", "QUERY-SYNTAX", "QUERY-PARAM-NUMBER"),
    example=Example(_value(f"{ENTRY}CreationTimeFrom"), "'20260101'", "digits without quotes"),
)
UNKNOWN_PARAMETER = rule(
    "QUERY-UNKNOWN-PARAM",
    "names of the parameters",
    "ce paramètre n'existe pas pour cette requête : il est ignoré",
    "this parameter does not exist for this query: it is ignored",
    "vérifiez l'orthographe du nom, majuscules comprises",
    "check the spelling of the name, capitals included",
    source=_ITI_18,
    grade=STANDARD,
    level=Level.WARN,
    form="registry",
    code="XDSRegistryError",
    needs=("QUERY-UNKNOWN",),
    example=Example(
        f"{_QUERY}/rim:Slot[@name='{ENTRY}TypeCodes']", f"{ENTRY}TypeCodes", "a parameter of FindDocuments"
    ),
)
BATCH = rule(
    "QUERY-BATCH",
    "number of identifiers asked for",
    "trop d'identifiants dans une même requête",
    "too many identifiers in one query",
    "demandez les identifiants par paquets de 20",
    "ask for the identifiers by batches of 20",
    source="ANS, PDSm pour le DMP, exemples d'usage",
    grade=SOURCED,
    level=Level.WARN,
    form="registry",
    code="XDSTooManyResults",
    needs=("QUERY-UNKNOWN", "QUERY-SYNTAX"),
    example=Example(_value(f"{ENTRY}UniqueId"), "21 identifiers", "at most 20"),
)
TOO_MANY = rule(
    "QUERY-TOO-MANY",
    "number of objects found",
    "la requête trouve trop de documents",
    "the query finds too many documents",
    "restreignez la recherche : dates, types, ou ObjectRef puis GetDocuments",
    "narrow the search: dates, types, or ObjectRef and then GetDocuments",
    source="IHE ITI TF-3 §4.2.4; ceiling of the world (setting dmp.max-results)",
    grade=STANDARD,
    code="XDSTooManyResults",
    form="registry",
    kind="state",
    example=Example(f"{_QUERY}/@id", "2 objects", "at most 1"),
)
AFTER_FEEDING = rule(
    "QUERY-AFTER-FEEDING",
    "a search soon after a feeding by the same structure",
    "recherche automatique juste après une alimentation (EX_3.1-2030)",
    "automatic search right after a feeding (EX_3.1-2030)",
    "ne cherchez qu'à l'ouverture du dossier ou à la demande de l'utilisateur",
    "search only when the record is opened or when the user asks",
    source="SEL-MP-037 EX_3.1-2030, second hand; Ségur AMA 9 Sept 2025; the window is ours",
    grade=INFERRED,
    level=Level.WARN,
    form="registry",
    code="SIMRechercheApresAlimentation",
    kind="state",
    example=Example(f"{_QUERY}/@id", "0 s after TD2.1", "an act of the user"),
)
RULES: Final = (
    *(UNKNOWN, RETURN_TYPE, SYNTAX, MISSING, NUMBER, DATE, TOLERATED, UNKNOWN_PARAMETER, BATCH),
    *(TOO_MANY, AFTER_FEEDING),
)


@dataclass(frozen=True)
class Search:
    """A query about to be run: ``fed`` is the last feeding of that patient by that structure, ``now`` wire time."""

    query: StoredQuery
    vihf: Vihf
    policy: Policy
    now: datetime
    fed: datetime | None = None
    user_act: bool = False


def known(search: Search) -> Iterator[Finding]:
    query = search.query
    if query.kind is None:
        yield UNKNOWN.finding(query.at, found=query.id, expected="the UUID of a stored query of the DMP")
    if query.return_type not in {LEAF_CLASS, OBJECT_REF}:
        yield RETURN_TYPE.finding(query.return_at, found=query.return_type, expected="LeafClass or ObjectRef")


def parameters(search: Search) -> Iterator[Finding]:
    """Syntax first: what cannot be read is neither missing nor too many."""
    query = search.query
    if query.kind is None:
        return
    for slot in query.slots:
        if slot.bad is not None:
            yield SYNTAX.finding(slot.bad_at, found=slot.bad.found, expected=slot.bad.expected)
    yield from _missing(query)
    for name, slots in query.named.items():
        parameter = query.kind.parameter(name)
        if parameter is None:
            expected = f"a parameter of {query.kind.name}"
            yield UNKNOWN_PARAMETER.finding(slots[0].slot_at, found=name, expected=expected)
        else:
            yield from _counted(parameter, slots)
    yield from _one_of(query)


def _missing(query: StoredQuery) -> Iterator[Finding]:
    assert query.kind is not None
    root = query.at.rpartition("/@")[0]
    for name in query.kind.required:
        if not query.get(name):
            found = "(empty)" if name in query.named else "(absent)"
            place = query.named[name][0].at if name in query.named else f"{root}/rim:Slot[@name='{name}']"
            yield MISSING.finding(place, found=found, expected=name)
    if query.kind.one_of and not any(query.get(name) for name in query.kind.one_of):
        name = query.kind.one_of[0]
        expected = " or ".join(query.kind.one_of)
        yield MISSING.finding(f"{root}/rim:Slot[@name='{name}']", found="(absent)", expected=expected)


def _one_of(query: StoredQuery) -> Iterator[Finding]:
    assert query.kind is not None
    given = [name for name in query.kind.one_of if query.get(name)]
    if len(given) > 1:
        yield NUMBER.finding(query.named[given[1]][0].at, found=" and ".join(given), expected="one of them")


def _counted(parameter: Parameter, slots: tuple[Slot, ...]) -> Iterator[Finding]:
    if len(slots) > 1 and not parameter.again:
        yield NUMBER.finding(slots[1].at, found=f"{len(slots)} Slots", expected="one Slot")
        return
    for slot in slots:
        if not parameter.many and len(slot.texts) > 1:
            yield NUMBER.finding(slot.at, found=f"{len(slot.texts)} values", expected="one value")
        else:
            yield from _formed(parameter, slot)


def _formed(parameter: Parameter, slot: Slot) -> Iterator[Finding]:
    """Dates are DTM; what is only oddly written is tolerated."""
    if parameter.kind == "date" and slot.texts:
        try:
            pad_dtm(slot.texts[0])
        except BadValue:
            yield DATE.finding(slot.at, found=slot.texts[0], expected="a DTM of 4 to 14 digits, in UTC")
            return
    odd = _oddity(parameter, slot)
    if odd is not None:
        yield TOLERATED.finding(slot.at, found=odd[0], expected=odd[1])


def _oddity(parameter: Parameter, slot: Slot) -> tuple[str, str] | None:
    for value in slot.values:
        for item in value.items:
            if parameter.kind in {"date", "number"}:
                if item.quoted:
                    return f"'{item.text}'", "digits without quotes"
            elif not item.quoted:
                return item.text, "a string in quotes"
        if parameter.many and not value.listed:
            return "no parentheses", "a list in parentheses"
        if not parameter.many and value.listed:
            return "a list of one value", "the value without parentheses"
    return None


def patient(search: Search) -> Iterator[Finding]:
    """The patient asked for is that of the VIHF (RG_3010: the parameter may be left out)."""
    for name in (f"{ENTRY}PatientId", f"{SET}PatientId"):
        asked = search.query.one(name)
        if asked is None or search.vihf.patient is None:
            continue
        if Cx(asked).identifier != search.vihf.patient[0]:
            place = search.query.named[name][0].at
            yield rights.RESOURCE_BODY.finding(place, found=Cx(asked).identifier, expected=search.vihf.patient[0])


def batch(search: Search) -> Iterator[Finding]:
    most = settings.BATCH.number(search.policy)
    for name in (f"{ENTRY}EntryUUID", f"{ENTRY}UniqueId", f"{ENTRY}LogicalID", "$uuid"):
        asked = search.query.get(name)
        if len(asked) > most:
            place = search.query.named[name][0].at
            yield BATCH.finding(place, found=f"{len(asked)} identifiers", expected=f"at most {most}")


def after_feeding(search: Search) -> Iterator[Finding]:
    """A rule that looks over two exchanges; a declared act of the user keeps it silent."""
    if search.fed is None or search.user_act:
        return
    age = search.now - search.fed
    if timedelta(0) <= age < timedelta(seconds=settings.AFTER_FEEDING.number(search.policy)):
        found = f"{int(age.total_seconds())} s after TD2.1"
        yield AFTER_FEEDING.finding(search.query.at, found=found, expected="an act of the user")


CHECKS: Final = (known, parameters, patient, batch, after_feeding)
