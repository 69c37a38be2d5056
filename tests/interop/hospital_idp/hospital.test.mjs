// openid-client against the hospital provider: two providers at once, purely by parameters, and a third while running.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as oidc from 'openid-client'

import { Browser } from './browser.mjs'
import { control, plainly, room } from './room.mjs'

const hospital = room.services.hospital_idp
const redirectUri = 'https://product.test/callback'
const goodbyeUri = 'https://product.test/goodbye'
const person = room.professional

const discovered = async (issuer, id, secret, auth) => {
  const config = await oidc.discovery(new URL(issuer), id, secret, auth, { [oidc.customFetch]: plainly })
  oidc.enableNonRepudiationChecks(config)
  return config
}
const chu = () => discovered(hospital.issuer, room.hospital.client_id, room.hospital.secret)

async function signedIn(config, { browser = new Browser(), choose, more = {} } = {}) {
  const verifier = oidc.randomPKCECodeVerifier()
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  }
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...(choose ? {} : { login_hint: person }),
    ...more,
  })
  let back = await browser.open(url)
  if (choose) back = await browser.submit(back, choose)
  return oidc.authorizationCodeGrant(config, back.url, checks)
}

const failsWith = (error) => (thrown) => {
  assert.equal(thrown.error, error, thrown.stack)
  return true
}

test('code, userinfo, refresh, introspection, revocation, logout', async () => {
  const config = await chu()
  const browser = new Browser()
  const tokens = await signedIn(config, { browser })
  const claims = tokens.claims()
  assert.equal(claims.rpps, person.slice(1))
  const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
  assert.deepEqual(info.groups, claims.groups)
  const newer = await oidc.refreshTokenGrant(config, tokens.refresh_token)
  assert.notEqual(newer.refresh_token, tokens.refresh_token)
  assert.equal((await oidc.tokenIntrospection(config, newer.access_token)).active, true)
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), failsWith('invalid_grant'))
  const again = await signedIn(config, { browser })
  await oidc.tokenRevocation(config, again.refresh_token)
  assert.equal((await oidc.tokenIntrospection(config, again.access_token)).active, false)
  const last = await signedIn(config, { browser })
  const out = await browser.open(
    oidc.buildEndSessionUrl(config, {
      id_token_hint: last.id_token,
      post_logout_redirect_uri: goodbyeUri,
      state: 'bye',
    }),
  )
  assert.equal(out.url.href, `${goodbyeUri}?state=bye`)
  await assert.rejects(oidc.refreshTokenGrant(config, last.refresh_token), failsWith('invalid_grant'))
})

test('the page: an account of the list, and a refusal', async () => {
  const config = await chu()
  const tokens = await signedIn(config, { choose: { user: person } })
  assert.equal(tokens.claims().rpps, person.slice(1))
  await assert.rejects(signedIn(config, { choose: { choice: 'deny' } }), failsWith('access_denied'))
  await assert.rejects(signedIn(config, { more: { prompt: 'none' } }), failsWith('login_required'))
})

test('each way to authenticate the client', async () => {
  const { client_id: id, secret } = room.hospital
  for (const auth of [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)]) {
    assert.ok((await signedIn(await discovered(hospital.issuer, id, undefined, auth))).id_token)
  }
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ])
  const jwks = JSON.stringify({ keys: [await crypto.subtle.exportKey('jwk', publicKey)] })
  await control('POST', '/providers/chu/clients', { client_id: 'by-key', auth: 'private_key_jwt', jwks })
  assert.ok((await signedIn(await discovered(hospital.issuer, 'by-key', undefined, oidc.PrivateKeyJwt(privateKey)))).id_token)
  await control('POST', '/providers/chu/clients', { client_id: 'public', auth: 'none' })
  assert.ok((await signedIn(await discovered(hospital.issuer, 'public', undefined, oidc.None()))).id_token)
  const wrong = await discovered(hospital.issuer, id, undefined, oidc.ClientSecretBasic('wrong'))
  await assert.rejects(signedIn(wrong), (thrown) => thrown.cause?.[0]?.scheme === 'basic' || thrown.error === 'invalid_client')
})

test('a third provider, added while the first two serve', async () => {
  const first = await chu()
  const before = await signedIn(first)
  const psc = await discovered(room.services.pro_sante_connect.issuer, room.client.client_id, room.client.secret)
  const national = await signedIn(psc, { more: { scope: 'openid scope_all', acr_values: 'eidas1' } })
  assert.deepEqual([national.claims().iss, national.claims().preferred_username], [psc.serverMetadata().issuer, person])
  const third = await control('POST', '/providers', { name: 'clinique', algorithm: 'ES256', pkce_required: true })
  const config = await discovered(third.issuer, 'the-product', 'its secret & more')
  const tokens = await signedIn(config)
  assert.equal(tokens.claims().iss, third.issuer)
  assert.notEqual(tokens.claims().sub, before.claims().sub)
  assert.equal(new Set([first, psc, config].map((one) => one.serverMetadata().issuer)).size, 3)
  assert.ok((await oidc.fetchUserInfo(first, before.access_token, before.claims().sub)).sub)
  assert.ok((await oidc.fetchUserInfo(psc, national.access_token, national.claims().sub)).sub)
  await assert.rejects(oidc.fetchUserInfo(config, before.access_token, before.claims().sub))
  await control('POST', '/providers/clinique/keys', {})
  const rotated = await discovered(third.issuer, 'the-product', 'its secret & more')
  assert.ok((await signedIn(rotated)).id_token)
})
