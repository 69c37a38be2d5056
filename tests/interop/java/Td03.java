package lps;

import org.w3c.dom.Element;

/** TD0.3, the professional of the assertion declares or drops the access to the patient of the assertion. */
final class Td03 {
    private static final String HAB = "urn:si-dmp-habilitations";
    private static final String ACTION = HAB + ":HabilitationsEndPoint:setAuthorization";
    static final String ANSWER_ACTION = ACTION + "Response";

    private Td03() {
    }

    static Soap.Answer add(Lps lps) throws Exception {
        return lps.call("habilitations", ACTION, Vihf.Mode.INDIRECTE_RENFORCEE, body -> Dom.text(
            Dom.add(body, HAB, "h:setAuthorization"), HAB, "h:action", "AJOUT"));
    }

    static String status(Soap.Answer answer) {
        Element root = answer.body();
        boolean ours = Dom.is(root, HAB, "setAuthorizationResponse");
        return ours ? Dom.content(Dom.at(root, HAB, "output", "status")) : "";
    }
}
