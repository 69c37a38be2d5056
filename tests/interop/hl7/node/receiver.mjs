// A creator on node-hl7-server: acknowledges what comes and prints it. Argument: the port. Ends with its input.
import { Server } from 'node-hl7-server'

const server = new Server({ bindAddress: '127.0.0.1' })
server.createInbound({ port: Number(process.argv[2]), overrideMSH: true }, async (req, res) => {
  const message = req.getMessage()
  const said = [9.1, 9.2, 3, 10].map((place) => message.get(`MSH.${place}`).toString())
  console.log(`got ${said[0]}^${said[1]} ${said[2]} ${said[3]}`)
  await res.sendResponse('AA')
})
console.log('ready')
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
