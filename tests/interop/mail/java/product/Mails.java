package product;

import jakarta.activation.DataHandler;
import jakarta.mail.BodyPart;
import jakarta.mail.Message;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.util.ByteArrayDataSource;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.Arrays;
import org.eclipse.angus.mail.smtp.SMTPMessage;

/** Makes mails that carry an archive, and takes it out again. */
final class Mails {
  static final String SUBJECT = "XDM/1.0/DDM+Compte rendu d'échographie CORSE FIGATELLIX 12/10/1988";
  static final String TEXT = "Bonjour, voici le compte rendu demandé.\n.\nCordialement\n";

  private Mails() {}

  static SMTPMessage make(Session session, String from, String to, byte[] archive) throws Exception {
    SMTPMessage made = new SMTPMessage(session);
    made.setFrom(new InternetAddress(from, "Dr Éric THOMAS", "UTF-8"));
    made.setRecipients(Message.RecipientType.TO, to);
    made.setSubject(SUBJECT, "UTF-8");
    made.setHeader("X-MSS-NIL", "DEV000000");
    MimeBodyPart text = new MimeBodyPart();
    text.setText(TEXT, "UTF-8");
    MimeBodyPart attached = new MimeBodyPart();
    attached.setDataHandler(new DataHandler(new ByteArrayDataSource(archive, "application/zip")));
    attached.setFileName("IHE_XDM.ZIP");
    made.setContent(new MimeMultipart(text, attached));
    made.saveChanges();
    return made;
  }

  static byte[] raw(Message message) throws Exception {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    message.writeTo(octets);
    return octets.toByteArray();
  }

  /** Reads the archive by its own section, as the BODYSTRUCTURE names it. */
  static byte[] archive(Message message) throws Exception {
    Multipart parts = (Multipart) message.getContent();
    for (int i = 0; i < parts.getCount(); i++) {
      BodyPart part = parts.getBodyPart(i);
      if (!"IHE_XDM.ZIP".equals(part.getFileName())) continue;
      if (!part.isMimeType("application/zip") || !Part.ATTACHMENT.equals(part.getDisposition())) {
        throw new IllegalStateException(part.getContentType() + " " + part.getDisposition());
      }
      try (InputStream stream = part.getInputStream()) {
        return stream.readAllBytes();
      }
    }
    throw new IllegalStateException("no archive");
  }

  static boolean endsWith(byte[] whole, byte[] tail) {
    int from = whole.length - tail.length;
    return from >= 0 && Arrays.equals(Arrays.copyOfRange(whole, from, whole.length), tail);
  }
}
