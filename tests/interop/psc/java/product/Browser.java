package product;

import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A browser of a few lines: cookies, redirections up to the product's own address, the form of the page. */
final class Browser {
  record Shown(URI uri, int status, String page) {}

  private static final Pattern FORM = Pattern.compile("<form method=\"post\" action=\"([^\"]*)\"(.*?)</form>", Pattern.DOTALL);
  private static final Pattern HIDDEN = Pattern.compile("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"");

  private final HttpClient http = HttpClient.newBuilder().cookieHandler(new CookieManager()).build();

  Shown open(URI uri) throws Exception {
    return go(HttpRequest.newBuilder(uri).GET());
  }

  Shown submit(Shown from, String name, String value) throws Exception {
    Matcher form = FORM.matcher(from.page());
    if (!form.find()) throw new IllegalStateException("no form in " + from.page());
    Map<String, String> fields = new LinkedHashMap<>();
    for (Matcher input = HIDDEN.matcher(form.group(2)); input.find(); ) fields.put(input.group(1), input.group(2));
    fields.put(name, value);
    StringJoiner body = new StringJoiner("&");
    fields.forEach((k, v) -> body.add(k + "=" + URLEncoder.encode(v, StandardCharsets.UTF_8)));
    URI action = from.uri().resolve(form.group(1).replace("&amp;", "&"));
    return go(
        HttpRequest.newBuilder(action)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Origin", action.getScheme() + "://" + action.getAuthority())
            .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
  }

  private Shown go(HttpRequest.Builder first) throws Exception {
    HttpRequest request = first.build();
    for (int hop = 0; hop < 10; hop++) {
      if (request.uri().getHost().equals("product.test")) return new Shown(request.uri(), 0, "");
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      String location = answer.headers().firstValue("location").orElse(null);
      if (location == null) return new Shown(request.uri(), answer.statusCode(), answer.body());
      request = HttpRequest.newBuilder(request.uri().resolve(location)).GET().build();
    }
    throw new IllegalStateException("too many redirections");
  }
}
