import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { tlsIdentity } from './tls-identity.js'

/** Serves `listener` over TLS, asks it once, and gives the body of the answer. */
export async function tlsRequest(listener: RequestListener, options: { readonly withCertificate: boolean }): Promise<string> {
  const server = createServer({ ...tlsIdentity, requestCert: true, rejectUnauthorized: false }, listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const own = options.withCertificate ? tlsIdentity : {}
  const asked = request({ host: '127.0.0.1', port, agent: false, ca: tlsIdentity.cert, ...own }).end()
  const [answer] = await once(asked, 'response')
  const body = await text(answer)
  server.close()
  return body
}
