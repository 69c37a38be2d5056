package lps;

import java.util.concurrent.Callable;

/** One printed line per check; the exit code of the run. */
final class Checks {
    private int failed;
    private int passed;

    /** A statement with the sentence that explains its failure. */
    void that(boolean holds, String label, String otherwise) {
        if (holds) {
            passed++;
            System.out.println("ok   " + label);
        } else {
            failed++;
            System.out.println("FAIL " + label + " | " + otherwise);
        }
    }

    void equal(Object expected, Object found, String label) {
        that(expected.equals(found), label, "expected " + expected + ", found " + found);
    }

    /** An exchange judged by a predicate, told whole and returned as null when it fails: one cause, one failure. */
    Soap.Answer exchange(String label, String action, Callable<Soap.Answer> call, Judge judge) {
        try {
            Soap.Answer answer = call.call();
            boolean good = judge.good(answer);
            that(good, label, answer.told());
            if (!good) {
                return null;
            }
            that(answer.answers(), label + ": RelatesTo names our MessageID", "RelatesTo " + answer.relatesTo());
            if (action != null) {
                equal(action, answer.action(), label + ": Action");
            }
            return answer;
        } catch (Exception failure) {
            that(false, label, failure.toString());
            return null;
        }
    }

    @FunctionalInterface
    interface Judge {
        boolean good(Soap.Answer answer) throws Exception;
    }

    /** A refusal by SOAP Fault whose subcode is this QName (null namespace: any), HTTP 500. */
    static Judge fault(String namespace, String subcode) {
        return answer -> {
            Soap.Fault fault = answer.fault();
            return fault != null && answer.status() == 500 && subcode.equals(fault.subcode())
                && (namespace == null || namespace.equals(fault.subcodeNamespace()));
        };
    }

    static Judge reason(String part) {
        return answer -> answer.fault() != null && answer.status() == 500 && answer.fault().reason().contains(part);
    }

    int finish() {
        System.out.println(passed + " ok, " + failed + " failed");
        return failed == 0 ? 0 : 1;
    }
}
