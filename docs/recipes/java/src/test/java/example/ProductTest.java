package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

class ProductTest {
    @Test
    void aRefusalSaysWhereAndHowToMendIt() throws Exception {
        try (SegurWorld world = new SegurWorld()) {
            assertEquals(500, product(world.url("dmp", "patients"), world.identity("hospital"), "<not-soap/>"));
            JsonNode finding = world.await(Map.of("outcome", "refused"), 30).at("/verdict/findings/0");
            assertEquals("DMP-SOAP-ENVELOPE", finding.get("rule").asText());
            assertEquals("/not-soap", finding.get("where").asText());
            assertTrue(finding.at("/mend/en").asText().contains("Envelope"));
        }
    }

    @Test
    void sixMonthsPassInOneCall() throws Exception {
        try (SegurWorld world = new SegurWorld()) {
            JsonNode clock = world.advance("P6M");
            assertTrue(clock.get("business").asText().compareTo(clock.get("wire").asText()) > 0);
        }
    }

    /** Stands for the product under test: replace it by a call of yours. */
    private static int product(URI url, SSLContext tls, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(url).POST(HttpRequest.BodyPublishers.ofString(body)).build();
        HttpClient http = HttpClient.newBuilder().sslContext(tls).version(HttpClient.Version.HTTP_1_1).build();
        return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
