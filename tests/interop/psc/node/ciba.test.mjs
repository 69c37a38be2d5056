// Sign-in by the person's phone: the product asks in the background, and polls.

import assert from 'node:assert/strict'
import { randomInt, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'

import * as oauth from 'oauth4webapi'
import * as oidc from 'openid-client'

import { plainly, psc, room, withCertificate, withSettings } from './room.mjs'

const { client_id: id, secret } = room.client
const person = room.professional
const quick = { 'psc.ciba-interval': '1', 'psc.ciba-auto-after-polls': '1' }

const discovered = async (auth, clientId = id, fetch = plainly) => {
  const config = await oidc.discovery(new URL(psc.discovery), clientId, undefined, auth, { [oidc.customFetch]: fetch })
  oidc.enableNonRepudiationChecks(config)
  return config
}
const basic = () => discovered(oidc.ClientSecretBasic(secret))

const asked = () => ({
  scope: 'openid scope_all',
  login_hint: person,
  binding_message: String(randomInt(100)).padStart(2, '0'),
  acr_values: 'eidas1',
  channel: 'MOBILE',
})

const failsWith = (error, status) => (thrown) => {
  assert.equal(thrown.error, error, thrown.stack)
  assert.equal(thrown.status, status)
  return true
}

test('approved on the phone after a poll that finds it pending', () =>
  withSettings({ ...quick, 'psc.ciba-auto': 'approve' }, async () => {
    const config = await basic()
    const given = await oidc.initiateBackchannelAuthentication(config, asked())
    assert.deepEqual([given.expires_in, given.interval], [120, 1])
    const tokens = await oidc.pollBackchannelAuthenticationGrant(config, given)
    const claims = tokens.claims()
    assert.deepEqual([claims.preferred_username, claims.authMode, claims.azp], [person, 'MOBILE', id])
    const user = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
    assert.equal(user.SubjectNameID, person)
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token)
    assert.equal(renewed.claims().sub, claims.sub)
    const again = oidc.pollBackchannelAuthenticationGrant(config, given)
    await assert.rejects(again, failsWith('invalid_grant', 400))
    const out = await plainly(oidc.buildEndSessionUrl(config, { id_token_hint: renewed.id_token }))
    assert.equal(out.status, 200)
    await assert.rejects(oidc.refreshTokenGrant(config, renewed.refresh_token), failsWith('invalid_grant', 400))
  }))

test('with the certificate of the structure alone', () =>
  withSettings({ ...quick, 'psc.ciba-auto': 'approve' }, async () => {
    const own = `product-${randomUUID()}`
    const config = await discovered(oidc.TlsClientAuth(), own, withCertificate)
    const given = await oidc.initiateBackchannelAuthentication(config, { ...asked(), channel: 'CARD' })
    const claims = (await oidc.pollBackchannelAuthenticationGrant(config, given)).claims()
    assert.deepEqual([claims.aud, claims.authMode], [own, 'CARD'])
  }))

test('refused on the phone', () =>
  withSettings({ ...quick, 'psc.ciba-auto': 'refuse' }, async () => {
    const config = await basic()
    const given = await oidc.initiateBackchannelAuthentication(config, asked())
    await assert.rejects(oidc.pollBackchannelAuthenticationGrant(config, given), failsWith('access_denied', 400))
  }))

// The lower layer asks once, so that each answer of the provider is seen.
async function byHand() {
  const by = { [oauth.customFetch]: plainly }
  const as = await oauth.processDiscoveryResponse(new URL(psc.issuer), await plainly(psc.discovery))
  const [client, auth] = [{ client_id: id }, oauth.ClientSecretBasic(secret)]
  const answer = await oauth.backchannelAuthenticationRequest(as, client, auth, asked(), by)
  const given = await oauth.processBackchannelAuthenticationResponse(as, client, answer)
  return async () => {
    const answered = await oauth.backchannelAuthenticationGrantRequest(as, client, auth, given.auth_req_id, by)
    return oauth.processBackchannelAuthenticationGrantResponse(as, client, answered)
  }
}

test('a poll that comes too fast is told to slow down', async () => {
  const poll = await byHand()
  await assert.rejects(poll(), failsWith('authorization_pending', 400))
  await assert.rejects(poll(), failsWith('slow_down', 400))
})

test('a request nobody answers expires', () =>
  withSettings({ 'psc.ciba-seconds': '1' }, async () => {
    const poll = await byHand()
    await wait(1100)
    await assert.rejects(poll(), failsWith('expired_token', 400))
  }))

test('a wrong secret, a binding message with blanks', async () => {
  const wrong = await discovered(oidc.ClientSecretBasic('not-the-secret'))
  const refused = oidc.initiateBackchannelAuthentication(wrong, asked())
  await assert.rejects(refused, failsWith('unauthorized_client', 401))
  const spoken = oidc.initiateBackchannelAuthentication(await basic(), { ...asked(), binding_message: 'number 42' })
  await assert.rejects(spoken, failsWith('invalid_binding_message', 400))
})
