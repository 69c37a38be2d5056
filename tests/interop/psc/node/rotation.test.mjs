// One product: six months pass, the provider changes its keys, and nothing of the product changes.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as oidc from 'openid-client'

import { Browser } from './browser.mjs'
import { control, goodbyeUri, plainly, psc, redirectUri, room } from './room.mjs'

const COOLDOWN_S = 60 // for an unknown kid openid-client fetches the keys again once those it has are as old as that

const kidOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid

async function signedIn(config, browser) {
  const verifier = oidc.randomPKCECodeVerifier()
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  }
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid scope_all',
    acr_values: 'eidas1',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    login_hint: room.professional,
  })
  return oidc.authorizationCodeGrant(config, (await browser.open(url)).url, checks)
}

async function wholeFlow(config) {
  const browser = new Browser()
  const tokens = await signedIn(config, browser)
  const claims = tokens.claims()
  const now = Date.now() / 1000
  assert.ok(Math.abs(claims.iat - now) < 30 && Math.abs(claims.auth_time - now) < 30, 'dates follow the wall clock')
  await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token)
  const out = oidc.buildEndSessionUrl(config, { id_token_hint: renewed.id_token, post_logout_redirect_uri: goodbyeUri })
  assert.equal((await browser.open(out)).url.href, goodbyeUri)
  return kidOf(tokens.id_token)
}

// A process with what it stored: the provider's document.
function product(metadata) {
  const { client_id: id, secret } = room.client
  const config = new oidc.Configuration(metadata, id, undefined, oidc.ClientSecretBasic(secret))
  config[oidc.customFetch] = plainly
  oidc.enableNonRepudiationChecks(config)
  return config
}

test('the same product before and after six months, a rotation and a withdrawal of keys', async () => {
  const config = product(await (await plainly(psc.discovery)).json())
  const kid = await wholeFlow(config)

  const before = await signedIn(config, new Browser())
  await control('POST', '/clock', { advance: 'P6M' })
  assert.equal(kidOf((await oidc.refreshTokenGrant(config, before.refresh_token)).id_token), kid)
  assert.equal(await wholeFlow(config), kid)

  const browser = new Browser()
  const old = await signedIn(config, browser)
  const { kid: newer } = await control('POST', '/psc/keys/rotate', {})
  assert.notEqual(newer, kid)
  const known = oidc.getJwksCache(config)
  assert.deepEqual(
    known.jwks.keys.map((key) => key.kid),
    [kid],
  )
  const restarted = product(config.serverMetadata())
  oidc.setJwksCache(restarted, { ...known, uat: known.uat - COOLDOWN_S })
  assert.equal(await wholeFlow(restarted), newer)
  assert.ok((await oidc.fetchUserInfo(config, old.access_token, old.claims().sub)).sub, 'signed by the key before')
  const out = oidc.buildEndSessionUrl(config, { id_token_hint: old.id_token, post_logout_redirect_uri: goodbyeUri })
  assert.equal((await browser.open(out)).url.href, goodbyeUri)

  const last = await signedIn(restarted, new Browser())
  await control('POST', '/psc/keys/rotate', {})
  await control('POST', '/psc/keys/withdraw', { kid: newer })
  await assert.rejects(oidc.fetchUserInfo(restarted, last.access_token, last.claims().sub))
})
