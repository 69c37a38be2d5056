// openid-client as a vendor's server uses it: every call a Pro Santé Connect product makes, and its refusals.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'

import * as oidc from 'openid-client'

import { Browser } from './browser.mjs'
import { goodbyeUri, plainly, psc, redirectUri, room, withCertificate, withSettings } from './room.mjs'

const { client_id: id, secret } = room.client
const person = room.professional

const discovered = async (from, clientId, auth, fetch = plainly) => {
  const config = await oidc.discovery(new URL(from), clientId, undefined, auth, { [oidc.customFetch]: fetch })
  oidc.enableNonRepudiationChecks(config)
  return config
}
const basic = () => discovered(psc.discovery, id, oidc.ClientSecretBasic(secret))

async function asked(config, more = {}) {
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
    ...more,
  })
  return { url, checks }
}

async function signedIn(config, browser = new Browser()) {
  const { url, checks } = await asked(config, { login_hint: person })
  const back = await browser.open(url)
  return oidc.authorizationCodeGrant(config, back.url, checks)
}

const failsWith = (error, status) => (thrown) => {
  assert.equal(thrown.error, error, thrown.stack)
  if (status) assert.equal(thrown.status, status)
  return true
}

test('discovery under the wallet name and under the standard one', async () => {
  const wallet = (await basic()).serverMetadata()
  const standard = (await discovered(psc.issuer, id, oidc.ClientSecretBasic(secret))).serverMetadata()
  assert.equal(wallet.issuer, psc.issuer)
  assert.deepEqual({ ...wallet }, { ...standard })
  assert.equal(wallet.authorization_endpoint, psc.authorization)
  assert.notEqual(new URL(wallet.authorization_endpoint).origin, new URL(wallet.token_endpoint).origin)
})

test('the standard name may be absent, as at the national provider', async () => {
  await withSettings({ 'psc.standard-discovery': 'false' }, async () => {
    await assert.rejects(discovered(psc.issuer, id, oidc.ClientSecretBasic(secret)))
    assert.equal((await basic()).serverMetadata().issuer, psc.issuer)
  })
})

for (const [name, auth] of [
  ['client_secret_basic', oidc.ClientSecretBasic(secret)],
  ['client_secret_post', oidc.ClientSecretPost(secret)],
]) {
  test(`code, PKCE, state, nonce, ID token, userinfo with ${name}`, async () => {
    const config = await discovered(psc.discovery, id, auth)
    const tokens = await signedIn(config)
    const claims = tokens.claims()
    assert.equal(claims.preferred_username, person)
    assert.equal(claims.acr, 'eidas1')
    assert.equal(typeof claims.aud, 'string')
    assert.match(claims.sub, new RegExp(`^f:[0-9a-f-]{36}:${person}$`))
    assert.equal(tokens.expires_in, 120)
    assert.equal(tokens.token_type, 'bearer')
    const user = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
    assert.equal(user.SubjectNameID, person)
    assert.ok(user.SubjectRefPro.exercices.length > 0)
  })
}

test('a person chooses on the wallet page', async () => {
  const config = await basic()
  const { url, checks } = await asked(config)
  const browser = new Browser()
  const page = await browser.open(url)
  assert.match(page.page, /Who signs in\?/)
  const back = await browser.submit(page, { choice: person, means: 'MOBILE' })
  const tokens = await oidc.authorizationCodeGrant(config, back.url, checks)
  assert.equal(tokens.claims().authMode, 'MOBILE')
  const silent = await asked(config, { prompt: 'none' })
  const again = await browser.open(silent.url)
  assert.equal((await oidc.authorizationCodeGrant(config, again.url, silent.checks)).claims().sub, tokens.claims().sub)
})

test('refresh rotates; the one before serves no more', async () => {
  const config = await basic()
  const first = await signedIn(config)
  const second = await oidc.refreshTokenGrant(config, first.refresh_token)
  assert.notEqual(second.refresh_token, first.refresh_token)
  assert.equal(second.claims().auth_time, first.claims().auth_time)
  await oidc.fetchUserInfo(config, second.access_token, first.claims().sub)
  await assert.rejects(oidc.refreshTokenGrant(config, first.refresh_token), failsWith('invalid_grant', 400))
  await assert.rejects(oidc.refreshTokenGrant(config, second.refresh_token), failsWith('invalid_grant', 400))
})

test('introspection and revocation', async () => {
  const config = await basic()
  const tokens = await signedIn(config)
  const seen = await oidc.tokenIntrospection(config, tokens.access_token)
  assert.deepEqual([seen.active, seen.SubjectNameID, seen.client_id], [true, person, id])
  const refresh = await oidc.tokenIntrospection(config, tokens.refresh_token)
  assert.deepEqual([refresh.active, refresh.SubjectNameID], [true, undefined])
  await oidc.tokenRevocation(config, tokens.refresh_token)
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false)
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), failsWith('invalid_grant', 400))
})

test('logout by the browser ends the session everywhere', async () => {
  const config = await basic()
  const browser = new Browser()
  const tokens = await signedIn(config, browser)
  const out = oidc.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: goodbyeUri,
    state: 'left',
  })
  assert.equal((await browser.open(out)).url.href, `${goodbyeUri}?state=left`)
  const silent = await asked(config, { prompt: 'none' })
  const back = await browser.open(silent.url)
  await assert.rejects(oidc.authorizationCodeGrant(config, back.url, silent.checks), failsWith('login_required'))
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), failsWith('invalid_grant', 400))
})

test('logout by the server, with the hint alone, answers 2xx', async () => {
  const config = await basic()
  const tokens = await signedIn(config)
  const answer = await plainly(oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token }))
  assert.equal(answer.status, 200)
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false)
})

test('tls_client_auth: the certificate of the structure is enough, and needed', async () => {
  const own = `product-${randomUUID()}`
  const config = await discovered(psc.discovery, own, oidc.TlsClientAuth(), withCertificate)
  const tokens = await signedIn(config)
  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token)
  assert.equal(renewed.claims().aud, own)
  const without = await discovered(psc.discovery, own, oidc.TlsClientAuth())
  await assert.rejects(oidc.refreshTokenGrant(without, renewed.refresh_token), failsWith('unauthorized_client', 401))
})

test('a wrong secret', async () => {
  const config = await discovered(psc.discovery, id, oidc.ClientSecretBasic('not-the-secret'))
  await assert.rejects(signedIn(config), (thrown) => {
    assert.equal(thrown.error_description, 'Invalid client or Invalid client credentials')
    return failsWith('unauthorized_client', 401)(thrown)
  })
})

test('the person refuses', async () => {
  const config = await basic()
  const { url, checks } = await asked(config)
  const browser = new Browser()
  const back = await browser.submit(await browser.open(url), { choice: 'refuse' })
  await assert.rejects(oidc.authorizationCodeGrant(config, back.url, checks), failsWith('access_denied'))
})

test('an expired code', async () => {
  const config = await basic()
  await withSettings({ 'psc.code-seconds': '0' }, () =>
    assert.rejects(signedIn(config), failsWith('invalid_grant', 400)),
  )
})

test('a code used twice takes its tokens away', async () => {
  const config = await basic()
  const { url, checks } = await asked(config, { login_hint: person })
  const back = await new Browser().open(url)
  const tokens = await oidc.authorizationCodeGrant(config, back.url, checks)
  await assert.rejects(oidc.authorizationCodeGrant(config, back.url, checks), failsWith('invalid_grant', 400))
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false)
})

test('another verifier', async () => {
  const config = await basic()
  const { url, checks } = await asked(config, { login_hint: person })
  const back = await new Browser().open(url)
  const wrong = { ...checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }
  await assert.rejects(oidc.authorizationCodeGrant(config, back.url, wrong), failsWith('invalid_grant', 400))
})
