import jakarta.mail.FetchProfile;
import jakarta.mail.Flags;
import jakarta.mail.Folder;
import jakarta.mail.Message;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.Session;
import jakarta.mail.Store;
import jakarta.mail.UIDFolder;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.search.SubjectTerm;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Properties;
import org.eclipse.angus.mail.imap.IMAPFolder;

/** Jakarta Mail as a product: describes every mail of INBOX, then flags, searches, appends and moves. */
public final class Reading {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("mail.imap.auth.mechanisms", arguments[3]);
        properties.put("mail.imap.fetchsize", "700");
        properties.put("mail.imap.connectiontimeout", "10000");
        properties.put("mail.imap.timeout", "20000");
        Session session = Session.getInstance(properties);
        try (Store store = session.getStore("imap")) {
            store.connect("127.0.0.1", Integer.parseInt(arguments[0]), arguments[1], arguments[2]);
            IMAPFolder inbox = (IMAPFolder) store.getFolder("INBOX");
            inbox.open(Folder.READ_WRITE);
            describe(inbox);
            act(session, store, inbox);
        }
    }

    private static void describe(Folder inbox) throws Exception {
        FetchProfile profile = new FetchProfile();
        profile.add(FetchProfile.Item.ENVELOPE);
        profile.add(FetchProfile.Item.CONTENT_INFO);
        profile.add(FetchProfile.Item.FLAGS);
        profile.add(UIDFolder.FetchProfileItem.UID);
        Message[] messages = inbox.getMessages();
        inbox.fetch(messages, profile);
        for (Message message : messages) {
            say(message.getMessageNumber() + " subject", message::getSubject);
            say("  to", () -> Arrays.toString(message.getAllRecipients()));
            say("  flags", () -> Arrays.toString(message.getFlags().getUserFlags()));
            walk("  ", message, 0);
            say("  whole", () -> {
                ByteArrayOutputStream octets = new ByteArrayOutputStream();
                message.writeTo(octets);
                return digest(octets.toByteArray());
            });
        }
    }

    private static void walk(String indent, Part part, int depth) {
        say(indent + "type", part::getContentType);
        say(indent + "disposition", () -> part.getDisposition() + " " + part.getFileName());
        say(indent + "octets", () -> {
            try (InputStream octets = part.getInputStream()) {
                return digest(octets.readAllBytes());
            }
        });
        try {
            Object content = depth < 40 ? part.getContent() : null;
            if (content instanceof Multipart many) {
                for (int at = 0; at < many.getCount(); at++) {
                    walk(indent + "  ", many.getBodyPart(at), depth + 1);
                }
            } else if (content instanceof Part inside) {
                walk(indent + "  ", inside, depth + 1);
            }
        } catch (Exception | LinkageError problem) {
            OUT.println(indent + "content " + problem.getClass().getName());
        }
    }

    private static void act(Session session, Store store, IMAPFolder inbox) throws Exception {
        Message first = inbox.getMessage(1);
        first.setFlags(new Flags("$MDNSent"), true);
        say("keyword", () -> Arrays.toString(first.getFlags().getUserFlags()));
        say("search", () -> String.valueOf(inbox.search(new SubjectTerm("Bonjour")).length));
        Folder sent = store.getFolder("Archive");
        say("create", () -> String.valueOf(sent.create(Folder.HOLDS_MESSAGES)));
        byte[] octets = "Subject: envoi\r\n\r\ncorps\r\n".getBytes(StandardCharsets.US_ASCII);
        sent.appendMessages(new Message[] {new MimeMessage(session, new ByteArrayInputStream(octets))});
        inbox.copyMessages(new Message[] {first}, sent);
        inbox.moveMessages(new Message[] {inbox.getMessage(2)}, sent);
        say("sent", () -> String.valueOf(sent.getMessageCount()));
        say("left", () -> String.valueOf(inbox.getMessageCount()));
    }

    private interface Saying {
        String said() throws Exception;
    }

    private static void say(String name, Saying saying) {
        try {
            OUT.println(name + " " + saying.said());
        } catch (Exception | LinkageError problem) {
            OUT.println(name + " " + problem.getClass().getName());
        }
    }

    private static String digest(byte[] octets) throws Exception {
        return octets.length + " " + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(octets), 0, 8);
    }
}
