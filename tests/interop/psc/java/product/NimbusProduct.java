package product;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.ErrorObject;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenIntrospectionRequest;
import com.nimbusds.oauth2.sdk.TokenIntrospectionResponse;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.TokenRevocationRequest;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.PKITLSClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.ciba.AuthRequestID;
import com.nimbusds.oauth2.sdk.ciba.CIBAGrant;
import com.nimbusds.oauth2.sdk.ciba.CIBARequest;
import com.nimbusds.oauth2.sdk.ciba.CIBARequestAcknowledgement;
import com.nimbusds.oauth2.sdk.ciba.CIBAResponse;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.LogoutRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.Prompt;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.ACR;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.AccessTokenValidator;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.net.URI;
import java.util.List;
import java.util.UUID;
import javax.net.ssl.SSLSocketFactory;

/** A product built on Nimbus oauth2-oidc-sdk: prints one line a step, exit 1 at the first that fails. */
public final class NimbusProduct {
  private static final URI REDIRECT = URI.create("https://product.test/secure/psc/redirect");
  private static final URI GOODBYE = URI.create("https://product.test/goodbye");
  private static final Scope SCOPE = new Scope("openid", "scope_all");

  private final Room room;
  private final OIDCProviderMetadata provider;
  private ClientAuthentication by;
  private SSLSocketFactory sockets;

  private NimbusProduct(Room room) throws Exception {
    this.room = room;
    this.provider = OIDCProviderMetadata.parse(sent(new HTTPRequest(HTTPRequest.Method.GET, room.psc("discovery"))).getBody());
    this.by = new ClientSecretBasic(new ClientID(room.clientId), new Secret(room.secret));
  }

  public static void main(String[] arguments) throws Exception {
    NimbusProduct product = new NimbusProduct(Room.read());
    product.discovery();
    product.codeFlow();
    product.refusals();
    product.ciba();
    product.mutualTls();
  }

  private void discovery() throws Exception {
    same(room.psc("issuer").toString(), provider.getIssuer().getValue());
    same(room.psc("authorization"), provider.getAuthorizationEndpointURI());
    HTTPResponse standard = sent(new HTTPRequest(HTTPRequest.Method.GET, room.psc("standard_discovery")));
    same(provider.toJSONObject(), OIDCProviderMetadata.parse(standard.getBody()).toJSONObject());
    ok("discovery");
  }

  private void codeFlow() throws Exception {
    Browser browser = new Browser();
    OIDCTokens tokens = signedIn(browser);
    ok("code and ID token");
    userinfo(tokens.getAccessToken());
    ok("userinfo");
    OIDCTokens renewed = granted(new RefreshTokenGrant(tokens.getRefreshToken()));
    claims(renewed, null);
    truth(!renewed.getRefreshToken().equals(tokens.getRefreshToken()), "the refresh token rotates");
    userinfo(renewed.getAccessToken());
    ok("refresh");
    truth(active(renewed.getAccessToken()), "active");
    sent(new TokenRevocationRequest(provider.getRevocationEndpointURI(), by, renewed.getRefreshToken()).toHTTPRequest());
    truth(!active(renewed.getAccessToken()), "no longer active");
    refused("invalid_grant", new RefreshTokenGrant(renewed.getRefreshToken()));
    ok("introspection and revocation");
    URI out = new LogoutRequest(provider.getEndSessionEndpointURI(), tokens.getIDToken(), GOODBYE, new State("left")).toURI();
    same(GOODBYE + "?state=left", browser.open(out).uri().toString());
    AuthenticationRequest silent = asked(new Nonce(), new CodeVerifier()).loginHint(null).prompt(Prompt.parse("none")).build();
    same("login_required", answered(browser.open(silent.toURI()).uri(), silent).toErrorResponse().getErrorObject().getCode());
    ok("logout");
  }

  private void refusals() throws Exception {
    ClientAuthentication right = by;
    by = new ClientSecretBasic(new ClientID(room.clientId), new Secret("not-the-secret"));
    ErrorObject told = refused("unauthorized_client", new RefreshTokenGrant(new RefreshToken("whatever")));
    same(401, told.getHTTPStatusCode());
    same("Invalid client or Invalid client credentials", told.getDescription());
    by = right;
    ok("wrong secret");
    AuthenticationRequest request = asked(new Nonce(), new CodeVerifier()).loginHint(null).build();
    Browser browser = new Browser();
    Browser.Shown back = browser.submit(browser.open(request.toURI()), "choice", "refuse");
    same("access_denied", answered(back.uri(), request).toErrorResponse().getErrorObject().getCode());
    ok("refused by the person");
    room.setting("psc.code-seconds", "0");
    try {
      CodeVerifier verifier = new CodeVerifier();
      refused("invalid_grant", new AuthorizationCodeGrant(code(new Browser(), new Nonce(), verifier), REDIRECT, verifier));
    } finally {
      room.setting("psc.code-seconds", null);
    }
    ok("expired code");
  }

  private void ciba() throws Exception {
    room.setting("psc.ciba-interval", "1");
    room.setting("psc.ciba-auto", "approve");
    OIDCTokens tokens = polled(backchannel("42"));
    userinfo(tokens.getAccessToken());
    same("MOBILE", claims(tokens, null).getStringClaim("authMode"));
    ok("CIBA approved");
    room.setting("psc.ciba-auto", "refuse");
    AuthRequestID request = backchannel("07");
    refused("authorization_pending", new CIBAGrant(request));
    Thread.sleep(1100);
    refused("access_denied", new CIBAGrant(request));
    ok("CIBA refused");
    room.setting("psc.ciba-auto", null);
    room.setting("psc.ciba-interval", null);
  }

  private void mutualTls() throws Exception {
    sockets = room.withCertificate().getSocketFactory();
    by = new PKITLSClientAuthentication(new ClientID("product-" + UUID.randomUUID()), room.certificate());
    OIDCTokens tokens = signedIn(new Browser());
    OIDCTokens renewed = granted(new RefreshTokenGrant(tokens.getRefreshToken()));
    ok("tls_client_auth");
    sockets = null;
    refused("unauthorized_client", new RefreshTokenGrant(renewed.getRefreshToken()));
    ok("tls_client_auth without the certificate");
  }

  private AuthenticationRequest.Builder asked(Nonce nonce, CodeVerifier verifier) {
    return new AuthenticationRequest.Builder(ResponseType.CODE, SCOPE, by.getClientID(), REDIRECT)
        .endpointURI(provider.getAuthorizationEndpointURI())
        .state(new State())
        .nonce(nonce)
        .acrValues(List.of(new ACR("eidas1")))
        .loginHint(room.professional)
        .codeChallenge(verifier, CodeChallengeMethod.S256);
  }

  private AuthenticationResponse answered(URI back, AuthenticationRequest request) throws Exception {
    AuthenticationResponse response = AuthenticationResponseParser.parse(back);
    same(request.getState(), response.getState());
    same(provider.getIssuer(), response.getIssuer());
    return response;
  }

  private AuthorizationCode code(Browser browser, Nonce nonce, CodeVerifier verifier) throws Exception {
    AuthenticationRequest request = asked(nonce, verifier).build();
    AuthenticationResponse response = answered(browser.open(request.toURI()).uri(), request);
    truth(response.indicatesSuccess(), "no code");
    return response.toSuccessResponse().getAuthorizationCode();
  }

  private OIDCTokens signedIn(Browser browser) throws Exception {
    Nonce nonce = new Nonce();
    CodeVerifier verifier = new CodeVerifier();
    OIDCTokens tokens = granted(new AuthorizationCodeGrant(code(browser, nonce, verifier), REDIRECT, verifier));
    claims(tokens, nonce);
    return tokens;
  }

  /** The claims of an ID token whose signature is right by the keys of the provider, fetched now. */
  private IDTokenClaimsSet claims(OIDCTokens tokens, Nonce nonce) throws Exception {
    URI keys = provider.getJWKSetURI();
    IDTokenValidator validator = new IDTokenValidator(provider.getIssuer(), by.getClientID(), JWSAlgorithm.RS256, keys.toURL());
    IDTokenClaimsSet claims = validator.validate(tokens.getIDToken(), nonce);
    same(JWSAlgorithm.RS256, ((SignedJWT) tokens.getIDToken()).getHeader().getAlgorithm());
    AccessTokenValidator.validate(tokens.getAccessToken(), JWSAlgorithm.RS256, claims.getAccessTokenHash());
    same(room.professional, claims.getStringClaim("preferred_username"));
    return claims;
  }

  private void userinfo(AccessToken token) throws Exception {
    UserInfoResponse told = UserInfoResponse.parse(sent(new UserInfoRequest(provider.getUserInfoEndpointURI(), token).toHTTPRequest()));
    truth(told.indicatesSuccess(), "userinfo");
    same(room.professional, told.toSuccessResponse().getUserInfo().getStringClaim("SubjectNameID"));
  }

  private boolean active(AccessToken token) throws Exception {
    TokenIntrospectionRequest request = new TokenIntrospectionRequest(provider.getIntrospectionEndpointURI(), by, token);
    return TokenIntrospectionResponse.parse(sent(request.toHTTPRequest())).toSuccessResponse().isActive();
  }

  private AuthRequestID backchannel(String number) throws Exception {
    HTTPRequest request =
        new CIBARequest.Builder(by, SCOPE)
            .endpointURI(provider.getBackChannelAuthenticationEndpointURI())
            .loginHint(room.professional)
            .bindingMessage(number)
            .acrValues(List.of(new ACR("eidas1")))
            .customParameter("channel", "MOBILE")
            .build()
            .toHTTPRequest();
    CIBAResponse response = CIBAResponse.parse(sent(request));
    truth(response.indicatesSuccess(), "CIBA request");
    CIBARequestAcknowledgement given = response.toRequestAcknowledgement();
    same(120, given.getExpiresIn());
    return given.getAuthRequestID();
  }

  private OIDCTokens polled(AuthRequestID request) throws Exception {
    refused("authorization_pending", new CIBAGrant(request));
    Thread.sleep(1100);
    return granted(new CIBAGrant(request));
  }

  private TokenResponse exchanged(AuthorizationGrant grant) throws Exception {
    TokenRequest request = new TokenRequest.Builder(provider.getTokenEndpointURI(), by, grant).build();
    return OIDCTokenResponseParser.parse(sent(request.toHTTPRequest()));
  }

  private OIDCTokens granted(AuthorizationGrant grant) throws Exception {
    TokenResponse response = exchanged(grant);
    truth(response.indicatesSuccess(), response instanceof OIDCTokenResponse ? "" : response.toErrorResponse().toJSONObject().toString());
    OIDCTokens tokens = ((OIDCTokenResponse) response.toSuccessResponse()).getOIDCTokens();
    same(120L, tokens.getAccessToken().getLifetime());
    return tokens;
  }

  private ErrorObject refused(String code, AuthorizationGrant grant) throws Exception {
    TokenResponse response = exchanged(grant);
    truth(!response.indicatesSuccess(), code + " expected, tokens found");
    ErrorObject told = response.toErrorResponse().getErrorObject();
    same(code, told.getCode());
    return told;
  }

  private HTTPResponse sent(HTTPRequest request) throws Exception {
    if (sockets != null) request.setSSLSocketFactory(sockets);
    return request.send();
  }

  private static void ok(String step) {
    System.out.println("ok " + step);
  }

  private static void same(Object expected, Object found) {
    if (!expected.equals(found)) throw new AssertionError("expected " + expected + ", found " + found);
  }

  private static void truth(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }
}
