import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type GrantAlgorithm, grantsApps } from './grants-apps.js'
import type { FromServer } from './guard-server.js'

function tell(message: FromServer): void {
  process.send?.(message)
}

const [subject = '', alg = ''] = process.argv.slice(2)
const create = grantsApps[subject]
if (create === undefined) throw new TypeError(`no app is called ${subject}`)
const server = createServer(await create(alg as GrantAlgorithm))
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => tell({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token` }))

// Every message asks for the time on the processor so far.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  tell({ cpuMicroseconds: user + system })
})
process.once('disconnect', () => process.exit())
