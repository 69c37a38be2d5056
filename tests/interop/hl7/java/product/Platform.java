package product;

import ca.uhn.hl7v2.AcknowledgmentCode;
import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.ErrorCode;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.llp.ExtendedMinLowerLayerProtocol;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.protocol.ReceivingApplicationException;
import ca.uhn.hl7v2.util.Terser;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An intermediation platform on HAPI: acknowledges documents, then tells their sender what became of them. */
public final class Platform implements ReceivingApplication<Message> {
    private static final String STATUS = "^AckMetierZAM";
    private final HapiContext context;
    private final String host;
    private final int port;
    private final String manner;
    private final ExecutorService later = Executors.newSingleThreadExecutor();

    private Platform(HapiContext context, String host, int port, String manner) {
        this.context = context;
        this.host = host;
        this.port = port;
        this.manner = manner;
    }

    /** Arguments: its port, host and port of the record, "good", "refuse" (AE) or "undelivered" (Z02 N). */
    public static void main(String[] args) throws Exception {
        HapiContext context = new DefaultHapiContext();
        context.setValidationContext(ValidationContextFactory.noValidation());
        context.setLowerLayerProtocol(new ExtendedMinLowerLayerProtocol());
        HL7Service service = context.newServer(Integer.parseInt(args[0]), false);
        service.registerApplication(new Platform(context, args[1], Integer.parseInt(args[2]), args[3]));
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
            System.out.println("got " + terser.get("/.MSH-9-1") + "^" + terser.get("/.MSH-9-2"));
            if (!terser.get("/.MSH-9-1").equals("MDM")) {
                return message.generateACK();
            }
            if (manner.equals("refuse")) {
                HL7Exception why = new HL7Exception("no such author here", ErrorCode.UNKNOWN_KEY_IDENTIFIER);
                return message.generateACK(AcknowledgmentCode.AE, why);
            }
            String text = message.encode();
            later.submit(() -> tell(terser, text));
            return message.generateACK();
        } catch (HL7Exception | IOException problem) {
            throw new ReceivingApplicationException(problem);
        }
    }

    private void tell(Terser asked, String text) {
        try {
            List<String> receipts = new ArrayList<>();
            receipts.add(receipt(asked, "Z01", "ACK_RECEPTION_DMP^Accuse", "Y", "", 0));
            for (String address : addresses(text)) {
                String said = manner.equals("undelivered") ? "N" : "Y";
                receipts.add(receipt(asked, "Z02", "ACK_RECEPTION_MSS^Accuse", said, address, receipts.size()));
            }
            Connection line = context.newClient(host, port, false);
            for (String one : receipts) {
                Message answer = line.getInitiator().sendAndReceive(context.getPipeParser().parse(one));
                System.out.println("told " + one.split("\\|")[8] + " " + new Terser(answer).get("/.MSA-1"));
            }
            line.close();
        } catch (Exception problem) {
            System.out.println("failed " + problem);
        }
    }

    /** The mailboxes of the recipients: PRT-15.4. */
    private static List<String> addresses(String text) {
        List<String> found = new ArrayList<>();
        for (String segment : text.split("\r")) {
            String[] fields = segment.split("\\|");
            if (segment.startsWith("PRT") && fields[4].startsWith("RCT") && fields.length > 15) {
                found.add(fields[15].split("\\^")[3]);
            }
        }
        return found;
    }

    private String receipt(Terser asked, String event, String status, String said, String address, int rank)
            throws HL7Exception {
        String at = asked.get("/.MSH-7");
        String number = "PFIPRODUIT" + rank;
        StringBuilder text = new StringBuilder("MSH|^~\\&|PFI-PRODUIT|" + asked.get("/.MSH-6"));
        text.append("|" + asked.get("/.MSH-3") + "|" + asked.get("/.MSH-4") + "|" + at + "||ZAM^" + event);
        text.append("^ZAM_Z01|" + number + "|T|2.6|||||FRA|UNICODE UTF-8|||2.1^CISIS_CDA_HL7_V2\rEVN||" + at);
        text.append("\rOBX|1|CWE|" + status + STATUS + "|" + asked.get("/.MSH-10"));
        text.append("|" + said + "^^expandedYes-NoIndicator||||||F\r");
        if (!address.isEmpty()) {
            text.append("OBX|2|XTN|DESTINATAIRE_MSS^Destinataire" + STATUS + "||^^X.400^" + address + "||||||F\r");
        }
        if (said.equals("N")) {
            text.append("ERR|||207^Application error^messageErrorCondition|E|550^Boite inexistante^SMTPERRORCODE\r");
        }
        return text.toString();
    }
}
