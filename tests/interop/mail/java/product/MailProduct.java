package product;

import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.FetchProfile;
import jakarta.mail.Flags;
import jakarta.mail.Folder;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Store;
import jakarta.mail.Transport;
import jakarta.mail.UIDFolder;
import jakarta.mail.event.MessageCountAdapter;
import jakarta.mail.event.MessageCountEvent;
import jakarta.mail.search.MessageIDTerm;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.angus.mail.dsn.DeliveryStatus;
import org.eclipse.angus.mail.dsn.MultipartReport;
import org.eclipse.angus.mail.imap.AppendUID;
import org.eclipse.angus.mail.imap.IMAPFolder;
import org.eclipse.angus.mail.imap.IMAPStore;
import org.eclipse.angus.mail.smtp.SMTPMessage;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;

/** A product built on Jakarta Mail: prints one line a step, fails at the first that does not hold. */
public final class MailProduct {
  private static final String CHALLENGE = "334 eyJzdGF0dXMiOiI0MDEi";

  private final Facts facts;
  private final String sender;
  private final String reader;
  private final String application;

  private MailProduct(Facts facts) {
    this.facts = facts;
    this.sender = facts.get("sender");
    this.reader = facts.get("reader");
    this.application = facts.get("application");
  }

  public static void main(String[] args) throws Exception {
    MailProduct product = new MailProduct(Facts.read(args[0]));
    for (boolean secure : new boolean[] {false, true}) {
      String by = secure ? "TLS" : "STARTTLS";
      product.carried(secure);
      done("token over " + by);
      product.applicative(secure);
      done("certificate over " + by);
      product.refused(secure);
      done("refusals over " + by);
    }
    product.report();
    done("delivery report");
    product.filed();
    done("copy, keywords, move");
    product.idle();
    done("idle");
    product.recipient();
    done("unknown recipient");
  }

  private static void done(String step) {
    System.out.println("ok " + step);
  }

  private static void check(boolean holds, String what) {
    if (!holds) throw new IllegalStateException(what);
  }

  /** From one person to another, by tokens of Pro Santé Connect. */
  private void carried(boolean secure) throws Exception {
    Session session = facts.byToken("smtp", secure);
    SMTPMessage mail = Mails.make(session, sender, reader, facts.archive());
    try (Transport transport = facts.transport(session, secure, sender, facts.get("sender_token"))) {
      transport.sendMessage(mail, mail.getAllRecipients());
    }
    try (Store store = facts.store(facts.byToken("imap", secure), secure, reader, facts.get("reader_token"))) {
      same(opened(store, "INBOX"), mail);
    }
  }

  /** From the application to itself, by its certificate. */
  private void applicative(boolean secure) throws Exception {
    Session session = facts.byCertificate("smtp", secure, application);
    SMTPMessage mail = Mails.make(session, application, application, facts.archive());
    try (Transport transport = facts.transport(session, secure, application, "")) {
      transport.sendMessage(mail, mail.getAllRecipients());
    }
    Session reading = facts.byCertificate("imap", secure, application);
    try (Store store = facts.store(reading, secure, application, "")) {
      same(opened(store, "INBOX"), mail);
    }
  }

  private void same(Folder inbox, Message sent) throws Exception {
    Message found = only(inbox, sent);
    check(Mails.SUBJECT.equals(found.getSubject()), "subject " + found.getSubject());
    check(Arrays.equals(Mails.archive(found), facts.archive()), "the archive is not the same");
    check(Mails.endsWith(Mails.raw(found), Mails.raw(sent)), "the mail is not the same");
    check(found.getSize() == Mails.raw(found).length, "RFC822.SIZE");
  }

  private static Folder opened(Store store, String name) throws Exception {
    Folder folder = store.getFolder(name);
    folder.open(Folder.READ_WRITE);
    return folder;
  }

  private static Message only(Folder folder, Message sent) throws Exception {
    Message[] found = folder.search(new MessageIDTerm(sent.getHeader("Message-ID")[0]));
    check(found.length == 1, found.length + " messages found");
    FetchProfile wanted = new FetchProfile();
    wanted.add(FetchProfile.Item.ENVELOPE);
    wanted.add(FetchProfile.Item.CONTENT_INFO);
    wanted.add(UIDFolder.FetchProfileItem.UID);
    folder.fetch(found, wanted);
    return found[0];
  }

  private void refused(boolean secure) throws Exception {
    String token = facts.get("sender_token");
    denied("MSS-AUTH-RIGHTS", secure, reader, token);
    denied("MSS-AUTH-NOT-TOKEN", secure, application, token);
    denied("MSS-AUTH-TOKEN", secure, sender, "a.b.c");
    byCertificateDenied(secure);
    facts.control("POST", "/refusals", "{\"rule\": \"MSS-AUTH-ABRUPT\", \"match\": {\"on\": \"mssante.AUTH\"}}");
    try {
      failed("", () -> facts.transport(facts.byToken("smtp", secure), secure, sender, token));
      failed("", () -> facts.store(facts.byToken("imap", secure), secure, sender, token));
    } finally {
      facts.control("DELETE", "/refusals", "");
    }
  }

  /** Over SMTP Jakarta Mail stops at the challenge 334, before the reply that names the rule. */
  private void denied(String rule, boolean secure, String mailbox, String token) throws Exception {
    failed(CHALLENGE, () -> facts.transport(facts.byToken("smtp", secure), secure, mailbox, token));
    failed(rule, () -> facts.store(facts.byToken("imap", secure), secure, mailbox, token));
  }

  private void byCertificateDenied(boolean secure) throws Exception {
    String own = facts.get("organisation");
    failed("", () -> facts.transport(facts.byCertificate("smtp", secure, own), secure, own, ""));
    failed("", () -> facts.store(facts.byCertificate("imap", secure, own), secure, own, ""));
  }

  private interface Attempt {
    AutoCloseable open() throws Exception;
  }

  private static void failed(String rule, Attempt attempt) throws Exception {
    try (AutoCloseable open = attempt.open()) {
      throw new IllegalStateException("accepted, " + rule + " expected: " + open);
    } catch (AuthenticationFailedException refused) {
      check(String.valueOf(refused.getMessage()).contains(rule), rule + " expected: " + refused.getMessage());
      System.out.println("said " + refused.getMessage());
    } catch (MessagingException cut) {
      check(rule.isEmpty(), rule + " expected: " + cut);
      System.out.println("said " + cut);
    }
  }

  /** RFC 3461 asked by SMTPMessage, RFC 3464 read by angus-mail's own classes. */
  private void report() throws Exception {
    Session session = facts.byToken("smtp", true);
    SMTPMessage mail = Mails.make(session, sender, reader, facts.archive());
    mail.setNotifyOptions(SMTPMessage.NOTIFY_SUCCESS | SMTPMessage.NOTIFY_FAILURE);
    mail.setReturnOption(SMTPMessage.RETURN_HDRS);
    try (Transport transport = facts.transport(session, true, sender, facts.get("sender_token"))) {
      transport.sendMessage(mail, mail.getAllRecipients());
    }
    try (Store store = facts.store(facts.byToken("imap", true), true, sender, facts.get("sender_token"))) {
      Folder inbox = opened(store, "INBOX");
      MultipartReport report = (MultipartReport) inbox.getMessage(inbox.getMessageCount()).getContent();
      DeliveryStatus status = (DeliveryStatus) report.getReport();
      check(status.getRecipientDSNCount() == 1, "one recipient");
      check("delivered".equals(status.getRecipientDSN(0).getHeader("Action")[0]), "Action");
      check(("rfc822; " + reader).equals(status.getRecipientDSN(0).getHeader("Final-Recipient")[0]), "Final-Recipient");
      check(mail.getMessageID().equals(report.getReturnedMessage().getMessageID()), "the returned header");
    }
  }

  private void filed() throws Exception {
    Session session = facts.byToken("imap", true);
    SMTPMessage mail = Mails.make(session, sender, reader, facts.archive());
    try (Store store = facts.store(session, true, sender, facts.get("sender_token"))) {
      check(((IMAPStore) store).hasCapability("UIDPLUS"), "UIDPLUS");
      IMAPFolder sent = (IMAPFolder) opened(store, "Sent");
      AppendUID[] given = sent.appendUIDMessages(new Message[] {mail});
      check(given[0] != null && given[0].uidvalidity == sent.getUIDValidity(), "APPENDUID");
      Message copy = sent.getMessageByUID(given[0].uid);
      check(Arrays.equals(Mails.raw(copy), Mails.raw(mail)), "the copy is not the same");
      copy.setFlags(new Flags("$MDNSent"), true);
      check(copy.getFlags().contains("$MDNSent"), "$MDNSent");
      sent.moveMessages(new Message[] {copy}, store.getFolder("Trash"));
      check(copy.isExpunged(), "moved away");
      Message moved = only(opened(store, "Trash"), mail);
      check(moved.getFlags().contains("$MDNSent"), "$MDNSent was moved too");
      check(Arrays.equals(Mails.archive(moved), facts.archive()), "the archive is not the same");
    }
  }

  private void idle() throws Exception {
    CompletableFuture<String> arrived = new CompletableFuture<>();
    Session session = facts.byToken("smtp", true);
    try (Store store = facts.store(facts.byToken("imap", true), true, reader, facts.get("reader_token"));
        Transport transport = facts.transport(session, true, sender, facts.get("sender_token"))) {
      IMAPFolder inbox = (IMAPFolder) opened(store, "INBOX");
      inbox.addMessageCountListener(
          new MessageCountAdapter() {
            @Override
            public void messagesAdded(MessageCountEvent event) {
              try {
                arrived.complete(event.getMessages()[0].getHeader("Message-ID")[0]);
              } catch (MessagingException broken) {
                arrived.completeExceptionally(broken);
              }
            }
          });
      CompletableFuture.runAsync(() -> waited(inbox));
      SMTPMessage mail = Mails.make(session, sender, reader, facts.archive());
      transport.sendMessage(mail, mail.getAllRecipients());
      check(mail.getMessageID().equals(arrived.get(20, TimeUnit.SECONDS)), "another message");
    }
  }

  private static void waited(IMAPFolder inbox) {
    try {
      inbox.idle(true);
    } catch (MessagingException broken) {
      throw new IllegalStateException(broken);
    }
  }

  private void recipient() throws Exception {
    Session session = facts.byToken("smtp", false);
    String nobody = "nobody@" + sender.substring(sender.indexOf('@') + 1);
    SMTPMessage mail = Mails.make(session, sender, nobody, facts.archive());
    try (Transport transport = facts.transport(session, false, sender, facts.get("sender_token"))) {
      transport.sendMessage(mail, mail.getAllRecipients());
      throw new IllegalStateException("nobody was accepted");
    } catch (MessagingException refused) {
      check(String.valueOf(root(refused)).contains("MSS-RCPT-UNKNOWN"), "MSS-RCPT-UNKNOWN expected: " + root(refused));
      check(refused instanceof SMTPSendFailedException || refused.getNextException() != null, refused.toString());
    }
  }

  private static Exception root(MessagingException first) {
    Exception last = first;
    while (last instanceof MessagingException next && next.getNextException() != null) last = next.getNextException();
    return last;
  }
}
