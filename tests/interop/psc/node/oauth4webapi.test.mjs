// oauth4webapi, the lower layer: each step by hand, as a product that validates every answer itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as oauth from 'oauth4webapi'

import { Browser } from './browser.mjs'
import { goodbyeUri, plainly, psc, redirectUri, room } from './room.mjs'

const client = { client_id: room.client.client_id }
const auth = oauth.ClientSecretBasic(room.client.secret)
const by = { [oauth.customFetch]: plainly }

async function provider() {
  const issuer = new URL(psc.issuer)
  return oauth.processDiscoveryResponse(issuer, await plainly(psc.discovery, { headers: { accept: 'application/json' } }))
}

async function signIn(as, browser, more = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const url = new URL(as.authorization_endpoint)
  const query = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope: 'openid scope_all',
    acr_values: 'eidas1',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    login_hint: room.professional,
    state,
    nonce,
    ...more,
  }
  url.search = new URLSearchParams(query)
  const back = await browser.open(url)
  const answered = oauth.validateAuthResponse(as, client, back.url, state)
  const raw = await oauth.authorizationCodeGrantRequest(as, client, auth, answered, redirectUri, verifier, by)
  const checked = { expectedNonce: nonce, requireIdToken: true }
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, raw, checked)
  await oauth.validateApplicationLevelSignature(as, raw, by)
  return tokens
}

test('the standard discovery request', async () => {
  const issuer = new URL(psc.issuer)
  const answer = await oauth.discoveryRequest(issuer, { ...by, algorithm: 'oidc' })
  assert.equal((await oauth.processDiscoveryResponse(issuer, answer)).issuer, psc.issuer)
})

test('code, signed ID token, userinfo, refresh, introspection, revocation, logout', async () => {
  const as = await provider()
  const browser = new Browser()
  const tokens = await signIn(as, browser)
  const claims = oauth.getValidatedIdTokenClaims(tokens)
  const told = await oauth.userInfoRequest(as, client, tokens.access_token, by)
  const user = await oauth.processUserInfoResponse(as, client, claims.sub, told)
  assert.equal(user.SubjectNameID, room.professional)

  const renewal = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, by)
  const renewed = await oauth.processRefreshTokenResponse(as, client, renewal)
  assert.notEqual(renewed.refresh_token, tokens.refresh_token)

  const asking = await oauth.introspectionRequest(as, client, auth, renewed.access_token, by)
  assert.equal((await oauth.processIntrospectionResponse(as, client, asking)).active, true)
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, renewed.refresh_token, by))
  const after = await oauth.introspectionRequest(as, client, auth, renewed.access_token, by)
  assert.equal((await oauth.processIntrospectionResponse(as, client, after)).active, false)

  const out = new URL(as.end_session_endpoint)
  const hint = { id_token_hint: tokens.id_token, post_logout_redirect_uri: goodbyeUri }
  out.search = new URLSearchParams(hint)
  assert.equal((await browser.open(out)).url.href, goodbyeUri)
})

test('a dead access token is challenged as RFC 6750 says', async () => {
  const as = await provider()
  const tokens = await signIn(as, new Browser())
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, tokens.access_token, by))
  const told = await oauth.userInfoRequest(as, client, tokens.access_token, by)
  const problem = await oauth.processUserInfoResponse(as, client, oauth.skipSubjectCheck, told).catch((e) => e)
  assert.ok(problem instanceof oauth.WWWAuthenticateChallengeError, problem?.stack)
  assert.equal(problem.status, 401)
  assert.equal(problem.cause[0].scheme, 'bearer')
  assert.equal(problem.cause[0].parameters.error, 'invalid_token')
})

test('an authorization error comes back with state and issuer', async () => {
  const as = await provider()
  const problem = await signIn(as, new Browser(), { login_hint: '', prompt: 'none' }).catch((e) => e)
  assert.ok(problem instanceof oauth.AuthorizationResponseError, problem?.stack)
  assert.equal(problem.error, 'login_required')
})
