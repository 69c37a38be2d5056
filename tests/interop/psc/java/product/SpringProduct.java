package product;

import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.context.WebServerInitializedEvent;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.oidc.userinfo.OidcUserService;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.util.matcher.AntPathRequestMatcher;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A Spring Boot product whose pages ask for Pro Santé Connect; the provider is named by properties alone. */
@SpringBootApplication
@RestController
public class SpringProduct {
  public static void main(String[] arguments) {
    SpringApplication.run(SpringProduct.class, arguments);
  }

  @EventListener
  void listening(WebServerInitializedEvent event) {
    System.out.println("PORT " + event.getWebServer().getPort());
  }

  @GetMapping("/")
  Map<String, Object> home(
      @AuthenticationPrincipal OidcUser user, @RegisteredOAuth2AuthorizedClient("psc") OAuth2AuthorizedClient client) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("name", user.getClaimAsString("SubjectNameID"));
    shown.put("role", user.getUserInfo().getClaimAsStringList("SubjectRole"));
    shown.put("acr", user.getIdToken().getClaimAsString("acr"));
    shown.put("token", client.getAccessToken().getTokenValue());
    return shown;
  }

  @GetMapping("/goodbye")
  String goodbye() {
    return "signed out";
  }

  @Bean
  SecurityFilterChain chain(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
    var asking = new DefaultOAuth2AuthorizationRequestResolver(clients, "/oauth2/authorization");
    asking.setAuthorizationRequestCustomizer(
        OAuth2AuthorizationRequestCustomizers.withPkce()
            .andThen(request -> request.additionalParameters(more -> more.put("acr_values", "eidas1"))));
    var users = new OidcUserService();
    users.setRetrieveUserInfo(request -> true); // by default only for the scopes profile, email, address, phone
    var out = new OidcClientInitiatedLogoutSuccessHandler(clients);
    out.setPostLogoutRedirectUri("{baseUrl}/goodbye");
    return http.authorizeHttpRequests(
            paths -> paths.requestMatchers("/goodbye", "/error").permitAll().anyRequest().authenticated())
        .oauth2Login(
            login ->
                login
                    .authorizationEndpoint(end -> end.authorizationRequestResolver(asking))
                    .userInfoEndpoint(end -> end.oidcUserService(users)))
        .logout(
            logout ->
                logout.logoutRequestMatcher(new AntPathRequestMatcher("/logout")).logoutSuccessHandler(out))
        .build();
  }
}
