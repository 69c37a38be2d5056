// A published XDM there and back with nodemailer and imapflow, and the refusals as they show them.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { after, test } from 'node:test'

import {
  archive, boxByCertificate, boxByToken, closeAll, control, facts, inside, postByCertificate, postByToken, sha256, streamed,
} from './product.mjs'

const { sender, reader, application, organisation } = facts
const SUBJECT = "XDM/1.0/DDM+Compte rendu d'échographie CORSE FIGATELLIX 12/10/1988"

after(closeAll)

const letter = (from, to, more = {}) => ({
  from: { name: 'Dr Éric THOMAS', address: from },
  to,
  subject: SUBJECT,
  messageId: `<${randomUUID()}@product.test>`,
  headers: { 'X-MSS-NIL': 'DEV000000', 'X-MSS-CODECDA': '11502-2', 'X-MSS-INS': 'O' },
  text: 'Bonjour, voici le compte rendu demandé.\n.\n',
  attachments: [{ filename: 'IHE_XDM.ZIP', contentType: 'application/zip', content: archive }],
  ...more,
})

async function sent(post, mail) {
  const told = await post.sendMail(mail)
  post.close()
  assert.match(told.response, /^250 2\.0\.0 Ok: queued as [0-9a-f]+$/)
}

// The one message of that Message-ID, its parts as BODYSTRUCTURE names them, its archive by its own section.
async function found(client, id, folder = 'INBOX') {
  const lock = await client.getMailboxLock(folder)
  try {
    const uids = await client.search({ header: { 'message-id': id } }, { uid: true })
    assert.equal(uids.length, 1)
    const asked = { envelope: true, bodyStructure: true, source: true, flags: true, size: true }
    const message = await client.fetchOne(String(uids[0]), asked, { uid: true })
    const zip = message.bodyStructure.childNodes.find((part) => part.type === 'application/zip')
    assert.equal(zip.dispositionParameters.filename, 'IHE_XDM.ZIP')
    assert.equal(message.size, message.source.length)
    const { content } = await client.download(String(uids[0]), zip.part, { uid: true })
    assert.equal(sha256(await streamed(content)), sha256(archive))
    return message
  } finally {
    lock.release()
  }
}

for (const secure of [false, true]) {
  const by = secure ? 'TLS' : 'STARTTLS'

  for (const mechanism of ['XOAUTH2', 'OAUTHBEARER']) {
    test(`from person to person by tokens, ${mechanism} over ${by}`, async () => {
      const mail = letter(sender, reader)
      await sent(postByToken(secure, sender, facts.sender_token), mail)
      await inside(boxByToken(mechanism, secure, reader, facts.reader_token), async (client) => {
        const message = await found(client, mail.messageId)
        assert.equal(message.envelope.subject, SUBJECT)
        assert.equal(message.envelope.from[0].name, 'Dr Éric THOMAS')
      })
    })
  }

  test(`from the application to itself by its certificate over ${by}`, async () => {
    const mail = letter(application, application)
    await sent(postByCertificate(secure, application), mail)
    await inside(boxByCertificate(secure, application), (client) => found(client, mail.messageId))
  })

  test(`octets of a mail made elsewhere over ${by}`, async () => {
    const id = `<${randomUUID()}@product.test>`
    const raw = Buffer.from(`From: <${sender}>\r\nTo: <${reader}>\r\nSubject: =?UTF-8?B?w6k=?=\r\nMessage-ID: ${id}\r\n\r\n..\r\n é \r\n`)
    await sent(postByToken(secure, sender, facts.sender_token), { raw, envelope: { from: sender, to: [reader] } })
    await inside(boxByToken('XOAUTH2', secure, reader, facts.reader_token), async (client) => {
      await client.mailboxOpen('INBOX')
      const [uid] = await client.search({ header: { 'message-id': id } }, { uid: true })
      const { source } = await client.fetchOne(String(uid), { source: true }, { uid: true })
      assert.equal(source.subarray(-raw.length).toString('latin1'), raw.toString('latin1'))
    })
  })

  test(`what is refused over ${by}`, async () => {
    const cases = [
      [/MSS-AUTH-RIGHTS/, reader, facts.sender_token],
      [/MSS-AUTH-NOT-TOKEN/, application, facts.sender_token],
      [/MSS-AUTH-TOKEN/, sender, 'a.b.c'],
    ]
    for (const [rule, mailbox, token] of cases) {
      await assert.rejects(postByToken(secure, mailbox, token).verify(), (thrown) => {
        assert.equal(thrown.code, 'EAUTH')
        assert.equal(thrown.responseCode, 535)
        assert.match(thrown.response, rule)
        return true
      })
      for (const mechanism of ['XOAUTH2', 'OAUTHBEARER']) {
        await assert.rejects(boxByToken(mechanism, secure, mailbox, token).connect(), (thrown) => {
          assert.equal(thrown.authenticationFailed, true, thrown.stack)
          assert.deepEqual(thrown.oauthError, { status: '401', schemes: 'bearer', scope: 'mail' })
          assert.match(thrown.response, rule)
          return true
        })
      }
    }
    await assert.rejects(postByCertificate(secure, organisation).verify(), /MSS-AUTH-NOT-CERTIFICATE/)
    await assert.rejects(boxByCertificate(secure, organisation).connect(), (thrown) => {
      assert.match(thrown.responseText ?? thrown.response ?? thrown.message, /MSS-AUTH-NOT-CERTIFICATE/)
      return true
    })
  })

  test(`refused abruptly over ${by}`, async () => {
    await control('POST', '/refusals', { rule: 'MSS-AUTH-ABRUPT', match: { on: 'mssante.AUTH' } })
    try {
      const cut = /Connection closed|ECONNECTION|Unexpected socket close/
      await assert.rejects(postByToken(secure, sender, facts.sender_token).verify(), cut)
      const box = boxByToken('XOAUTH2', secure, sender, facts.sender_token)
      await assert.rejects(box.connect(), (thrown) => /MSS-AUTH-ABRUPT/.test(thrown.response))
    } finally {
      await control('DELETE', '/refusals')
    }
  })
}

test('a delivery report is asked and read', async () => {
  const mail = letter(sender, reader, { dsn: { id: 'envelope 1', return: 'headers', notify: ['success'], recipient: reader } })
  await sent(postByToken(true, sender, facts.sender_token), mail)
  await inside(boxByToken('XOAUTH2', true, sender, facts.sender_token), async (client) => {
    await client.mailboxOpen('INBOX')
    const asked = { bodyStructure: true, bodyParts: ['2'] }
    const report = await client.fetchOne(String(client.mailbox.exists), asked)
    assert.equal(report.bodyStructure.type, 'multipart/report')
    const status = report.bodyParts.get('2').toString()
    assert.match(status, /^Original-Envelope-Id: envelope 1\r$/m)
    assert.match(status, /^Action: delivered\r$/m)
  })
})

test('a copy is kept, flagged, moved', () =>
  inside(boxByToken('XOAUTH2', true, sender, facts.sender_token), async (client) => {
    const id = `<${randomUUID()}@product.test>`
    const raw = Buffer.from(`Message-ID: ${id}\r\nSubject: copie\r\n\r\nx\r\n`)
    const sentBox = (await client.list()).find((folder) => folder.specialUse === '\\Sent').path
    const kept = await client.append(sentBox, raw, ['\\Seen'], new Date('2026-11-20T08:00:00Z'))
    assert.equal(kept.destination, sentBox)
    const lock = await client.getMailboxLock(sentBox)
    try {
      assert.equal(await client.messageFlagsAdd(String(kept.uid), ['$MDNSent'], { uid: true }), true)
      const { flags, source } = await client.fetchOne(String(kept.uid), { flags: true, source: true }, { uid: true })
      assert.deepEqual([...flags].filter((flag) => flag !== '\\Recent').sort(), ['$MDNSent', '\\Seen'])
      assert.deepEqual(source, raw)
      const moved = await client.messageMove(String(kept.uid), 'Trash', { uid: true })
      assert.equal(moved.destination, 'Trash')
      assert.equal(moved.uidMap.size, 1)
    } finally {
      lock.release()
    }
  }))

test('a new mail is told while idle', () =>
  inside(boxByToken('XOAUTH2', true, reader, facts.reader_token), async (client) => {
    await client.mailboxOpen('INBOX')
    const before = client.mailbox.exists
    const idling = client.idle()
    const arrived = once(client, 'exists')
    await sent(postByToken(true, sender, facts.sender_token), letter(sender, reader))
    const [told] = await arrived
    assert.equal(told.count, before + 1)
    client.preCheck && (await client.preCheck())
    await idling
  }))

test('nobody at that address', async () => {
  const nobody = `nobody@${sender.split('@')[1]}`
  await assert.rejects(postByToken(true, sender, facts.sender_token).sendMail(letter(sender, nobody)), (thrown) => {
    assert.equal(thrown.code, 'EENVELOPE')
    assert.match(thrown.response, /^550 5\.1\.1 .*MSS-RCPT-UNKNOWN/)
    return true
  })
})
