package product;

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.llp.ExtendedMinLowerLayerProtocol;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.protocol.ReceivingApplicationException;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.IOException;
import java.util.Map;

/** A hospital record on HAPI: takes every message, acknowledges it, prints what it is. Ends with its standard input. */
public final class Receiver implements ReceivingApplication<Message> {
    /** Argument: the port. */
    public static void main(String[] args) throws Exception {
        HapiContext context = new DefaultHapiContext();
        context.setValidationContext(ValidationContextFactory.noValidation());
        context.setLowerLayerProtocol(new ExtendedMinLowerLayerProtocol());
        HL7Service service = context.newServer(Integer.parseInt(args[0]), false);
        service.registerApplication(new Receiver());
        service.startAndWait();
        System.out.println("ready");
        while (System.in.read() >= 0) {
            continue;
        }
        System.exit(0);
    }

    @Override
    public boolean canProcess(Message message) {
        return true;
    }

    @Override
    public Message processMessage(Message message, Map<String, Object> metadata) throws ReceivingApplicationException {
        try {
            Terser terser = new Terser(message);
            String event = terser.get("/.MSH-9-2");
            StringBuilder line = new StringBuilder("got " + terser.get("/.MSH-9-1") + "^" + event);
            line.append(' ').append(terser.get("/.MSH-3")).append(' ').append(terser.get("/.MSH-10"));
            for (String segment : message.encode().split("\r")) {
                if (segment.startsWith("OBX|1|")) {
                    String[] fields = segment.split("\\|");
                    line.append(' ').append(fields[3].split("\\^")[0]).append(' ').append(fields[5].split("\\^")[0]);
                }
            }
            System.out.println(line);
            return message.generateACK();
        } catch (HL7Exception | IOException problem) {
            throw new ReceivingApplicationException(problem);
        }
    }
}
