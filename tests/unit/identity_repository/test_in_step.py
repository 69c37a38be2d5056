"""Whatever the commands, a receiver that applies each message remembers what the repository knows."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.identity_repository.errors import CommandRefused
from simulators.identity_repository.model import Record
from simulators.population.pam import PatientStanding, apply, names
from tests.unit.identity_repository.hospital import Hospital

PLAIN = (
    *("admit", "preadmit", "register", "discharge", "cancel_transfer", "cancel_admit", "cancel_discharge"),
    *("demote", "withdraw_ins", "qualify"),
)
UNITS = st.sampled_from(["1001", "1002", "1003"])
COMMANDS = st.one_of(
    st.tuples(st.sampled_from(PLAIN), st.just({})),
    st.tuples(st.sampled_from(["discharge", "cancel_discharge"]), st.just({})),
    st.tuples(st.sampled_from(["transfer", "correct", "admit"]), st.fixed_dictionaries({"unit": UNITS})),
    st.tuples(
        st.just("consent"),
        st.fixed_dictionaries(
            {"feed": st.sampled_from(names.FEED), "consult": st.sampled_from(names.CONSULT)},
            optional={"by": st.sampled_from(["A31", "Z99"])},
        ),
    ),
    st.tuples(st.just("update"), st.fixed_dictionaries({"status": st.sampled_from(["PROV", "VALI", "DOUA"])})),
    st.tuples(st.just("change_identifier"), st.fixed_dictionaries({"ipp": st.sampled_from(["A1", "A2", "A3"])})),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(commands=st.lists(COMMANDS, min_size=6, max_size=14))
def test_in_step(hospital: Hospital, commands: list[tuple[str, dict[str, str]]]) -> None:
    hospital.worlds.reset("main")
    standing: PatientStanding | None = None
    for name, asked in [("admit", {"answers": "consents"}), *commands]:
        try:
            told = hospital.event(name, **asked)
        except CommandRefused:
            continue
        standing = apply(standing, told)
        agree(standing, hospital.record())


def agree(standing: PatientStanding, record: Record) -> None:
    assert standing.references[0] == f"PI:0B0999009|{record.ipp}"
    assert (standing.status, standing.feed, standing.consult) == (record.status, record.feed, record.consult)
    assert standing.ins == (record.ins if record.validated else "")
    if standing.stay is None or record.stay is None:
        assert standing.stay is None and (record.stay is None or not record.stay.open)
        return
    assert (standing.stay.number, standing.stay.state) == (record.stay.number, record.stay.state)
    assert bool(standing.stay.discharged) == bool(record.stay.discharged)
    if record.stay.open:
        assert standing.stay.unit == record.stay.unit
