"""TD0.3, setting or removing an authorisation (facts dmp §1.5, dmp-messages §4).

The patient and the professional are those of the VIHF: the body names neither. The service is typed by its WSDL.
"""

from __future__ import annotations

from typing import Final

from simulators.core.exchange import Call
from simulators.core.rules import Finding
from simulators.core.soap.definition import Enumeration, Field, Operation, ServiceDefinition, Structure
from simulators.core.soap.typed import typed_service
from simulators.core.xml import where
from simulators.dmp import authorisations
from simulators.dmp.model import DmpRequest, Reply
from simulators.dmp.rules import rights
from simulators.dmp.rules import td0 as rules
from simulators.dmp.rules.td0 import Setting
from simulators.population.model import Patient

ACTION: Final = "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorizationResponse"
OK: Final = "DMPOk"
ALREADY: Final = "Cette autorisation existe déjà : rien n'a été modifié."
_NAME: Final = "setAuthorization"
_OUTPUT: Final = Structure("setAuthorizationOutput", (Field("status"), Field("context")))

SERVICE: Final = typed_service(
    ServiceDefinition(
        namespace="urn:si-dmp-habilitations",
        port_type="HabilitationsEndPoint",
        binding="HabilitationsEndPointImplServiceSoapBinding",
        service="HabilitationsEndPointImplService",
        port="HabilitationsEndPointImplPort",
        operations=(
            Operation(
                _NAME,
                "urn:hl7-org:v3:setAuthorization",
                (
                    Field("action", Enumeration("actionType", ("AJOUT", "SUPPRESSION"))),
                    Field("role", Enumeration("roleType", ("MEDECIN_TRAITANT",))),
                ),
                (Field("output", _OUTPUT),),
            ),
        ),
    )
)


def perform(call: Call, request: DmpRequest) -> Reply:
    """Sets or removes; repeating what stands is no error. Raises ``Refused``."""
    setting = _read(request)
    call.judge([rules.vocabulary], setting)
    call.judge([rights.matrix], rights.Access(setting.row, request.vihf, request.parties))
    call.judge([rules.circumstances], setting)
    patient = request.parties.patient
    if patient is None:
        # Only where the world switched off the rule that refuses it: there is nothing to write on.
        return _reply(OK, "")
    if setting.action == "AJOUT":
        changed = _add(call, request, setting, patient)
        return _reply(OK, "" if changed else ALREADY)
    _remove(call, request, setting, patient)
    return _reply(OK, "")


def refusal(finding: Finding, sentence: str) -> Reply:
    """A business refusal: the rule's code as status, the sentence as context (form inferred)."""
    return _reply(finding.rule.code, sentence)


def _read(request: DmpRequest) -> Setting:
    body = request.soap.body
    values = SERVICE.decode(body)
    at = where(body)
    # A wrong value is told by its own rule, and has its own answer.
    own = {f"{at}/hab:action", f"{at}/hab:role"}
    defects = tuple((defect.where, defect.found) for defect in SERVICE.defects(body) if defect.where not in own)
    return Setting(values["action"], values["role"], at, defects, request.vihf, request.parties)


def _holder(request: DmpRequest) -> str:
    """The professional; staff set the authorisation of their structure (PDT-INF-526 note 1)."""
    staff = request.parties.column.name in {"CPE", "NP"}
    return request.vihf.structure if staff else request.vihf.professional


def _add(call: Call, request: DmpRequest, setting: Setting, patient: Patient) -> bool:
    vihf = request.vihf
    granted = authorisations.grant(call.tx, patient, _holder(request), vihf.structure, call.business_now)
    named = setting.role is not None and authorisations.set_treating(call.tx, patient, vihf.professional, True)
    return granted or named


def _remove(call: Call, request: DmpRequest, setting: Setting, patient: Patient) -> None:
    """With a role, only the treating-physician status goes and access stays (facts dmp §1.5, second hand)."""
    if setting.role is not None:
        done = authorisations.set_treating(call.tx, patient, request.vihf.professional, False)
    else:
        done = authorisations.withdraw(call.tx, patient, _holder(request))
    if not done:
        expected = "an authorisation to remove"
        call.find(rules.TD03_NOTHING.finding(f"{setting.at}/hab:action", found="SUPPRESSION", expected=expected))


def _reply(status: str, context: str) -> Reply:
    return Reply(SERVICE.encode(_NAME, {"output": {"status": status, "context": context}}), ACTION)
