package product;

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Segment;
import ca.uhn.hl7v2.parser.PipeParser;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads files with HAPI's parser: first argument "none" or "default" validation, second the places, then the files. */
public final class Reader {
    private Reader() {}

    /** Prints {@code file <tab> what <tab> value}: class, segments outside the structure, errors, each place. */
    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        try (HapiContext context = new DefaultHapiContext()) {
            context.setValidationContext(
                    args[0].equals("none")
                            ? ValidationContextFactory.noValidation()
                            : ValidationContextFactory.defaultValidation());
            PipeParser parser = context.getPipeParser();
            for (int i = 2; i < args.length; i++) {
                String name = Path.of(args[i]).getFileName().toString();
                try {
                    Message message = parser.parse(Files.readString(Path.of(args[i]), StandardCharsets.UTF_8));
                    String kind = message.getClass().getName().replace("ca.uhn.hl7v2.model.", "");
                    out.println(name + "\tclass\t" + kind);
                    out.println(name + "\tbeyond\t" + String.join(" ", beyond(message)));
                    for (String place : args[1].split(",")) {
                        out.println(name + "\t" + place + "\t" + value(message, place));
                    }
                } catch (HL7Exception problem) {
                    out.println(name + "\terror\t" + problem.getMessage().replace('\n', ' '));
                }
            }
        }
    }

    /** The names that HAPI added to the structure, at the top or in its groups. */
    private static List<String> beyond(Message message) throws HL7Exception {
        List<String> found = new ArrayList<>();
        collect(message, found);
        return found;
    }

    private static void collect(ca.uhn.hl7v2.model.Group group, List<String> found) throws HL7Exception {
        for (String name : group.getNames()) {
            boolean added = group.isGroup(name) ? false : isAdded(group, name);
            for (ca.uhn.hl7v2.model.Structure one : group.getAll(name)) {
                if (one instanceof ca.uhn.hl7v2.model.Group) {
                    collect((ca.uhn.hl7v2.model.Group) one, found);
                } else if (added && !found.contains(one.getName())) {
                    found.add(one.getName());
                }
            }
        }
    }

    private static boolean isAdded(ca.uhn.hl7v2.model.Group group, String name) {
        return ((ca.uhn.hl7v2.model.AbstractGroup) group).getNonStandardNames().contains(name);
    }

    /** A place is SEGMENT-FIELD-COMPONENT-SUBCOMPONENT, or PID-3:INS for the number of that type. */
    private static String value(Message message, String place) throws HL7Exception {
        try {
            String[] asked = place.split(":");
            Terser terser = new Terser(message);
            if (asked.length == 1) {
                String found = terser.get("/." + place);
                return found == null ? "" : found;
            }
            Segment segment = terser.getSegment("/." + asked[0].split("-")[0]);
            int field = Integer.parseInt(asked[0].split("-")[1]);
            for (int rank = 0; rank < segment.getField(field).length; rank++) {
                if (asked[1].equals(Terser.get(segment, field, rank, 5, 1))) {
                    return Terser.get(segment, field, rank, 1, 1);
                }
            }
            return "";
        } catch (HL7Exception absent) {
            return "";
        }
    }
}
