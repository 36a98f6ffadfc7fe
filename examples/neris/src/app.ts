import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createNeris, type Neris } from './neris.js'
import { BadSettings, readSettings, type Settings } from './settings.js'

async function start(): Promise<{ readonly settings: Settings; readonly neris: Neris }> {
  try {
    const settings = readSettings(process.env)
    return { settings, neris: await createNeris(settings) }
  } catch (error) {
    console.error(error instanceof BadSettings ? error.message : error)
    process.exit(1)
  }
}

const { settings, neris } = await start()
for (const warning of neris.warnings) console.log(warning)

const server = neris.app.listen(settings.port, '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => void neris.close())
  setTimeout(() => server.closeAllConnections(), 2_000).unref()
})
await once(server, 'listening').catch((error: unknown) => {
  console.error(`PORT: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
})
console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`)
