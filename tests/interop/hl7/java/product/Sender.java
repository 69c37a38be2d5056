package product;

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.llp.ExtendedMinLowerLayerProtocol;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Sends files over one connection, as a hospital record on HAPI does, and prints what each acknowledgement says. */
public final class Sender {
    private Sender() {}

    /** Arguments: host, port, "tls" or "clear", then the files. */
    public static void main(String[] args) throws Exception {
        try (HapiContext context = new DefaultHapiContext()) {
            context.setValidationContext(ValidationContextFactory.noValidation());
            context.setLowerLayerProtocol(new ExtendedMinLowerLayerProtocol());
            Connection connection = context.newClient(args[0], Integer.parseInt(args[1]), args[2].equals("tls"));
            connection.getInitiator().setTimeout(60, TimeUnit.SECONDS);
            for (int i = 3; i < args.length; i++) {
                String text = Files.readString(Path.of(args[i]), StandardCharsets.UTF_8).strip();
                Message message = context.getPipeParser().parse(text.replace("\r\n", "\r").replace("\n", "\r"));
                tell(connection.getInitiator().sendAndReceive(message));
            }
            connection.close();
        }
        System.exit(0);
    }

    private static void tell(Message answer) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Terser terser = new Terser(answer);
        StringBuilder line = new StringBuilder("ack");
        for (String place : new String[] {"/.MSH-9-1", "/.MSH-9-2", "/.MSA-1", "/.MSA-2"}) {
            line.append(' ').append(terser.get(place));
        }
        out.println(line);
        for (String segment : answer.encode().split("\r")) {
            if (segment.startsWith("ERR")) {
                out.println(segment);
            }
        }
    }
}
