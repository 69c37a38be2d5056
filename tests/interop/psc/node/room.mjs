// What a product knows of the sandbox: one JSON file, named by SEGUR_INTEROP_ROOM, and nothing of its code.

import { readFileSync } from 'node:fs'

import { Agent, fetch } from 'undici'

export const room = JSON.parse(readFileSync(process.env.SEGUR_INTEROP_ROOM, 'utf-8'))
export const psc = room.services.pro_sante_connect
export const redirectUri = 'https://product.test/secure/psc/redirect'
export const goodbyeUri = 'https://product.test/goodbye'

const trusted = { ca: readFileSync(room.roots) }
const files = room.structure.certificates.auth_cli
const certificate = { cert: readFileSync(files.certificate), key: readFileSync(files.key) }

const over = (agent) => (url, options) => fetch(url, { ...options, dispatcher: agent })

// Without a client certificate, and with the AUTH_CLI one of the structure.
export const plainly = over(new Agent({ connect: trusted }))
export const withCertificate = over(new Agent({ connect: { ...trusted, ...certificate } }))

// The control API, as a test bench uses it.
export async function control(method, path, body) {
  const answer = await fetch(`${room.control.url}/worlds/${room.world}${path}`, {
    method,
    headers: { authorization: `Bearer ${room.control.token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

// Runs with settings of the world, and takes them away again.
export async function withSettings(settings, run) {
  await control('PATCH', '/policy', { settings })
  try {
    return await run()
  } finally {
    const none = Object.fromEntries(Object.keys(settings).map((name) => [name, null]))
    await control('PATCH', '/policy', { settings: none })
  }
}
