import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createShadowReport, shadow } from '@countersign/express'
import { expressJwt } from '@countersign/express/compat'
import express from 'express'
import { newGuard } from './new-guard.js'
import { oldGuard } from './old-guard.js'
import { onError, routes } from './routes.js'
import { step } from './settings.js'

const app = express()
const guard = newGuard()

if (step === 'old') app.use(oldGuard())
if (step === 'shadow') {
  // The old guard decides. The report shows where the new one would decide otherwise; in a real API it is not for the public.
  const report = createShadowReport()
  app.get('/internal/shadow', (_req, res) => void res.json(report))
  app.use(shadow(guard), oldGuard())
}
if (step === 'new') app.use(expressJwt(guard).unless({ path: ['/health'] }))

app.use(routes(), onError)

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  void guard.close()
})
await once(server, 'listening')
console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`)
