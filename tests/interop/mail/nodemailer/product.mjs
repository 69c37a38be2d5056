// A product on nodemailer and imapflow: one JSON file, named by SEGUR_INTEROP_MAIL, says all it knows.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { ImapFlow } from 'imapflow'
import nodemailer from 'nodemailer'

export const facts = JSON.parse(readFileSync(process.env.SEGUR_INTEROP_MAIL, 'utf-8'))
export const archive = readFileSync(facts.archive)
export const sha256 = (octets) => createHash('sha256').update(octets).digest('hex')

const trusted = { ca: readFileSync(facts.roots) }
const shown = { ...trusted, cert: readFileSync(facts.certificate), key: readFileSync(facts.key) }
const base64 = (text) => Buffer.from(text).toString('base64')

const post = (secure, tls, auth, more = {}) =>
  nodemailer.createTransport({
    host: facts.host,
    port: secure ? facts.submissions : facts.submission,
    secure,
    requireTLS: !secure,
    name: 'product.test',
    tls,
    auth,
    ...more,
  })

export const postByToken = (secure, user, accessToken) => post(secure, trusted, { type: 'OAuth2', user, accessToken })

// nodemailer has no EXTERNAL: its own hook for other mechanisms takes it.
async function external(asked) {
  const answer = await asked.sendCommand(`AUTH EXTERNAL ${base64(asked.auth.credentials.user)}`)
  if (answer.status !== 235) throw new Error(answer.text)
}
export const postByCertificate = (secure, user) =>
  post(secure, shown, { type: 'custom', method: 'EXTERNAL', user, pass: 'none' }, { customAuth: { EXTERNAL: external } })

// imapflow takes OAUTHBEARER wherever it is offered; a real operator offers XOAUTH2 alone.
class OnlyXoauth2 extends ImapFlow {
  async authenticate() {
    this.capabilities.delete('AUTH=OAUTHBEARER')
    return super.authenticate()
  }
}

// imapflow has no EXTERNAL either.
class External extends ImapFlow {
  async authenticate() {
    const words = ['EXTERNAL', base64(this.options.auth.user)].map((value) => ({ type: 'ATOM', value }))
    const answer = await this.exec('AUTHENTICATE', words)
    answer.next()
    this.authenticated = this.options.auth.user
    this.state = this.states.AUTHENTICATED
    return true
  }
}

// A refused client keeps its connection: whoever gave it up closes it.
const opened = []
export const closeAll = () => opened.forEach((client) => client.close())

const kept = (client) => opened.push(client) && client

const box = (Kind, secure, tls, auth) =>
  kept(new Kind({
    host: facts.host,
    port: secure ? facts.imaps : facts.imap,
    secure,
    doSTARTTLS: secure ? undefined : true,
    tls,
    auth,
    logger: false,
  }))

const KINDS = { XOAUTH2: OnlyXoauth2, OAUTHBEARER: ImapFlow }
export const boxByToken = (mechanism, secure, user, accessToken) =>
  box(KINDS[mechanism], secure, trusted, { user, accessToken })
export const boxByCertificate = (secure, user) => box(External, secure, shown, { user, pass: 'none' })

// Opens a mailbox, runs, closes.
export async function inside(client, run) {
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.logout()
  }
}

export async function control(method, path, body) {
  const answer = await fetch(facts.control + path, {
    method,
    headers: { authorization: `Bearer ${facts.control_token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

export async function streamed(stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}
