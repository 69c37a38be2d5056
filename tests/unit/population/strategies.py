"""Random patients, professionals and structures for the tests of this room."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from simulators.population.identifiers import (
    INS_OIDS,
    Finess,
    Ins,
    PsIdNat,
    Rpps,
    Siren,
    Siret,
    StructIdNat,
)
from simulators.population.model import (
    Activity,
    Address,
    Coded,
    Oppositions,
    Patient,
    Population,
    Professional,
    Service,
    Structure,
)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
maybe = st.one_of(st.none(), texts)
dates = st.dates(date(1900, 1, 1), date(2100, 12, 31))
ins = st.builds(lambda n13, oid: Ins.of_payload("1" + n13, oid), digits(12), st.sampled_from(INS_OIDS))
rpps = digits(10).map(Rpps.of_payload)
finess = digits(6).map(lambda serial: Finess.of_payload(f"0B{serial}"))
siret = st.builds(lambda siren, rank: Siret.of_payload(Siren.of_payload(siren).value + rank), digits(8), digits(4))
ps_idnats = rpps.map(PsIdNat.of_rpps)
struct_idnats = st.one_of(finess.map(StructIdNat.of_finess), siret.map(StructIdNat.of_siret))
coded = st.builds(Coded, names, names)
addresses = st.builds(Address, st.lists(texts, max_size=3).map(tuple), texts, texts, texts)
closed = st.fixed_dictionaries(
    {"dmp_state": st.just("closed"), "dmp_closed_on": dates, "dmp_closing_motive": maybe, "dmp_closing_reason": maybe}
)
states = st.one_of(closed, st.fixed_dictionaries({"dmp_state": st.sampled_from(["active", "none"])}))


@st.composite
def patients(draw: st.DrawFn) -> Patient:
    adopted = draw(st.booleans())
    any_ins = st.builds(Ins.as_received, names, names) if adopted else ins
    any_ps = names.map(PsIdNat.as_received) if adopted else ps_idnats
    return Patient(
        slug=draw(names),
        ins=draw(any_ins),
        given_names=tuple(draw(st.lists(names, min_size=1, max_size=4))),
        birth_name=draw(names),
        used_name=draw(st.one_of(st.none(), names)),
        sex=draw(st.sampled_from(["M", "F"])),
        birth_date=draw(dates),
        birth_place=draw(texts),
        address=draw(st.one_of(st.none(), addresses)),
        phone=draw(maybe),
        email=draw(maybe),
        guardians=tuple(draw(st.lists(any_ins, max_size=2))),
        oppositions=draw(st.builds(Oppositions, st.booleans(), st.booleans(), st.booleans(), st.booleans())),
        blocked_professionals=tuple(draw(st.lists(any_ps, max_size=2))),
        treating_physicians=tuple(draw(st.lists(any_ps, max_size=2))),
        internet_account=draw(st.booleans()),
        attached_to_mes=draw(st.booleans()),
        adopted=adopted,
        **draw(states),
    )


@st.composite
def professionals(draw: st.DrawFn) -> Professional:
    adopted = draw(st.booleans())
    any_ps = names.map(PsIdNat.as_received) if adopted else ps_idnats
    any_structure = names.map(StructIdNat.as_received) if adopted else struct_idnats
    activities = st.builds(Activity, coded, st.one_of(st.none(), coded), any_structure, names)
    return Professional(
        draw(names),
        draw(any_ps),
        draw(names),
        draw(texts),
        draw(texts),
        tuple(draw(st.lists(activities, max_size=3))),
        adopted,
    )


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    adopted = draw(st.booleans())
    any_structure = names.map(StructIdNat.as_received) if adopted else struct_idnats
    return Structure(
        slug=draw(names),
        struct_idnat=draw(any_structure),
        name=draw(names),
        kind=draw(st.sampled_from(["legal-entity", "hospital", "practice", "laboratory", "other"])),
        sector=draw(names),
        finess=draw(st.one_of(st.none(), names.map(Finess.as_received) if adopted else finess)),
        siret=draw(st.one_of(st.none(), names.map(Siret.as_received) if adopted else siret)),
        legal_entity=draw(st.one_of(st.none(), any_structure)),
        services=tuple(draw(st.lists(st.builds(Service, names, names), max_size=2))),
        adopted=adopted,
    )


populations = st.builds(
    Population,
    st.lists(patients(), max_size=2, unique_by=(lambda p: p.slug, lambda p: p.ins.cx())).map(tuple),
    st.lists(professionals(), max_size=2, unique_by=(lambda p: p.slug, lambda p: p.ps_idnat)).map(tuple),
    st.lists(structures(), max_size=2, unique_by=(lambda s: s.slug, lambda s: s.struct_idnat)).map(tuple),
)
