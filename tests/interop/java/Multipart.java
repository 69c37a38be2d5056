package lps;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** multipart/related by hand (RFC 2046, RFC 2387), written and read as bytes. */
final class Multipart {
    private static final Pattern PARAMETER = Pattern.compile(";\\s*([^=;\\s]+)\\s*=\\s*(\"([^\"]*)\"|[^;\\s]+)");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final String boundary;

    Multipart(String boundary) {
        this.boundary = boundary;
    }

    String boundary() {
        return boundary;
    }

    Multipart part(String id, String type, byte[] content, boolean base64) throws IOException {
        line("--" + boundary);
        line("Content-ID: <" + id + ">");
        line("Content-Type: " + type);
        line("Content-Transfer-Encoding: " + (base64 ? "base64" : "binary"));
        line("");
        out.write(base64 ? Base64.getMimeEncoder().encode(content) : content);
        line("");
        return this;
    }

    byte[] close() throws IOException {
        line("--" + boundary + "--");
        return out.toByteArray();
    }

    private void line(String text) throws IOException {
        out.write((text + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** Root part and the others by Content-ID, transfer encoding undone. */
    record Parts(byte[] root, Map<String, byte[]> byId) {
        /** The part an xop:Include points at, or null. */
        byte[] included(String href) {
            String id = href.startsWith("cid:") ? href.substring(4) : href;
            // A plus sign is a plus sign in a cid: URL, not a space.
            byte[] exact = byId.get(id);
            return exact != null ? exact
                : byId.get(URLDecoder.decode(id.replace("+", "%2B"), StandardCharsets.UTF_8));
        }
    }

    static Parts read(String contentType, byte[] body) throws IOException {
        Map<String, String> parameters = parameters(contentType);
        byte[] mark = ("--" + parameters.get("boundary")).getBytes(StandardCharsets.ISO_8859_1);
        String start = bare(parameters.getOrDefault("start", ""));
        Map<String, byte[]> byId = new LinkedHashMap<>();
        byte[] root = null;
        int from = find(body, mark, 0);
        while (from >= 0 && !startsWith(body, from + mark.length, "--")) {
            int next = find(body, ("\r\n" + new String(mark, StandardCharsets.ISO_8859_1))
                .getBytes(StandardCharsets.ISO_8859_1), from + mark.length);
            if (next < 0) {
                throw new IOException("multipart answer without its closing boundary");
            }
            int blank = find(body, "\r\n\r\n".getBytes(StandardCharsets.US_ASCII), from + mark.length);
            Map<String, String> headers = headers(body, from + mark.length, blank);
            byte[] content = decoded(headers, Arrays.copyOfRange(body, blank + 4, next));
            String id = bare(headers.getOrDefault("content-id", ""));
            byId.put(id, content);
            root = root == null || id.equals(start) ? content : root;
            from = next + 2;
        }
        return new Parts(root, byId);
    }

    static Map<String, String> parameters(String contentType) {
        Map<String, String> found = new LinkedHashMap<>();
        Matcher matcher = PARAMETER.matcher(contentType);
        while (matcher.find()) {
            String quoted = matcher.group(3);
            found.put(matcher.group(1).toLowerCase(Locale.ROOT), quoted != null ? quoted : matcher.group(2));
        }
        return found;
    }

    private static byte[] decoded(Map<String, String> headers, byte[] content) {
        boolean base64 = "base64".equalsIgnoreCase(headers.getOrDefault("content-transfer-encoding", "").strip());
        return base64 ? Base64.getMimeDecoder().decode(content) : content;
    }

    private static Map<String, String> headers(byte[] body, int from, int to) {
        Map<String, String> found = new LinkedHashMap<>();
        String text = new String(body, from, to - from, StandardCharsets.ISO_8859_1);
        for (String line : text.replaceAll("\r\n[ \t]+", " ").split("\r\n")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                found.put(line.substring(0, colon).strip().toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
            }
        }
        return found;
    }

    private static String bare(String id) {
        return id.replaceAll("^<|>$", "");
    }

    private static boolean startsWith(byte[] body, int at, String text) {
        return new String(body, at, Math.min(text.length(), body.length - at), StandardCharsets.US_ASCII).equals(text);
    }

    private static int find(byte[] in, byte[] what, int from) {
        for (int i = from; i <= in.length - what.length; i++) {
            if (Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
                return i;
            }
        }
        return -1;
    }
}
