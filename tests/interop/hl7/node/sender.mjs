// Sends one file with node-hl7-client, as a product written for Node.js does, and prints the acknowledgement.
// Arguments: host, port, file.
import { readFileSync } from 'node:fs'
import { Client, Message } from 'node-hl7-client'

const [host, port, file] = process.argv.slice(2)
const text = readFileSync(file, 'utf8').trim().replace(/\r\n|\n/g, '\r')
const client = new Client({ host })
const outbound = client.createConnection({ port: Number(port), waitAck: true }, async (answer) => {
  const said = answer.getMessage().toString()
  for (const segment of said.split('\r')) {
    if (/^(MSA|ERR)/.test(segment)) console.log(segment)
  }
  await outbound.close()
  process.exit(0)
})
await outbound.sendMessage(new Message({ text }))
