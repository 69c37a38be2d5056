// npm oidc-provider with its memory adapter, over TLS, for the benchmark: everybody is signed in and approved at once.
// Arguments: key file, certificate file, client_id, secret, redirect URI. Prints its issuer once it listens.
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import process from "node:process";
import { Provider } from "oidc-provider";

const [keyFile, certificateFile, clientId, secret, back] = process.argv.slice(2);
const key = readFileSync(keyFile);
const PERSON = "899700000021";
const CIBA = "urn:openid:params:grant-type:ciba";

async function grantFor(client, account, scope) {
  const grant = new provider.Grant({ clientId: client, accountId: account });
  grant.addOIDCScope(scope);
  await grant.save();
  return grant;
}

const configuration = {
  clients: [
    {
      client_id: clientId,
      client_secret: secret,
      redirect_uris: [back],
      grant_types: ["authorization_code", "refresh_token", CIBA],
      backchannel_token_delivery_mode: "poll",
    },
  ],
  cookies: { keys: [secret] },
  jwks: { keys: [{ ...createPrivateKey(key).export({ format: "jwk" }), alg: "RS256", use: "sig", kid: "benchmark" }] },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  loadExistingGrant: ({ oidc }) => grantFor(oidc.client.clientId, oidc.session.accountId, "openid"),
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    ciba: {
      enabled: true,
      processLoginHint: (_context, hint) => hint,
      validateBindingMessage: () => {},
      validateRequestContext: () => {},
      verifyUserCode: () => {},
      triggerAuthenticationDevice: async (_context, request, account, client) => {
        const grant = await grantFor(client.clientId, account.accountId, request.scope);
        await provider.backchannelResult(request, grant);
      },
    },
  },
};

let provider;
const server = createServer({ key, cert: readFileSync(certificateFile) });
server.listen(0, "127.0.0.1", () => {
  const issuer = `https://localhost:${server.address().port}`;
  provider = new Provider(issuer, configuration);
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    provider.interactionFinished(request, response, { login: { accountId: PERSON } }).catch((problem) => {
      response.writeHead(500).end(String(problem));
    });
  });
  process.stdout.write(`${issuer}\n`);
});
