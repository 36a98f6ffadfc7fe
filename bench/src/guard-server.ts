import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { familyOf } from './guard-families.js'

/** What the server process tells the load process. */
export type FromServer = { readonly url: string } | { readonly cpuMicroseconds: number }

function tell(message: FromServer): void {
  process.send?.(message)
}

async function listenerOf(family: string, subject: string, jwksUrl: string): Promise<RequestListener> {
  const create = familyOf(family).apps[subject]
  if (create === undefined) throw new TypeError(`no app is called ${family} ${subject}`)
  return create(jwksUrl)
}

const [family = '', subject = '', jwksUrl = ''] = process.argv.slice(2)
const server = createServer(await listenerOf(family, subject, jwksUrl))
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => tell({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }))

// Every message asks for the time on the processor so far.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  tell({ cpuMicroseconds: user + system })
})
process.once('disconnect', () => process.exit())
