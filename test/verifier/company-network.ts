import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { testKeys, tokenFactory } from '@countersign/testkit'

/** A network whose only way out is a proxy, and whose servers have certificates of an own CA. */
export interface CompanyNetwork {
  /** Of the proxy, for instance `http://127.0.0.1:3128`. */
  readonly proxyUrl: string
  /** Path of the certificate of the CA, as PEM. */
  readonly caFile: string
  readonly ca: string
  /** What the proxy was asked for, for instance `login.partner.example:443`. */
  readonly tunnels: readonly string[]
  /** Connections that servers took, and those of them that came from the proxy. */
  readonly connections: { readonly taken: number; readonly fromProxy: number }
  /** What servers were asked for, as URLs. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

const openssl = (...args: readonly string[]): Promise<unknown> => promisify(execFile)('openssl', args)
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']

/** Makes a CA and a certificate of it for the names. */
async function makeCertificates(names: readonly string[]): Promise<{ folder: string; ca: string; cert: string; key: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-ca-'))
  const file = (name: string): string => join(folder, name)
  const [caFile, caKey] = [file('ca.pem'), file('ca.key')]
  await openssl('req', '-x509', ...newKey, '-subj', '/CN=Company CA', '-out', caFile, '-keyout', caKey)
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`
  const request = ['-subj', '/CN=server', '-addext', alternatives, '-addext', 'basicConstraints=critical,CA:FALSE']
  await openssl(
    'req',
    '-x509',
    '-CA',
    caFile,
    '-CAkey',
    caKey,
    ...newKey,
    ...request,
    '-out',
    file('server.pem'),
    '-keyout',
    file('server.key'),
  )
  const [ca = '', cert = '', key = ''] = await Promise.all(
    ['ca.pem', 'server.pem', 'server.key'].map((name) => readFile(file(name), 'utf8')),
  )
  return { folder, ca, cert, key }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Publishes keys, and metadata that lead to them, for whatever host it is asked. */
function issuer(requests: string[]): RequestListener {
  const keys = tokenFactory({ issuer: 'any', keys: [testKeys.es256, testKeys.rs256] })
  return (req, res) => {
    const origin = `https://${req.headers.host}`
    requests.push(origin + req.url)
    const isMetadata = req.url?.includes('/.well-known/openid-configuration') === true
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify(isMetadata ? { issuer: origin, jwks_uri: `${origin}/jwks` } : keys.jwks()))
  }
}

/** A proxy that leads every tunnel to one port of this machine. Whom it connects to is nobody else's to know. */
function createProxy(port: number, tunnels: string[], own: Set<number>): Server {
  const proxy = createHttpServer((_req, res) => res.writeHead(405).end())
  proxy.on('connect', (req, socket: Socket, head: Buffer) => {
    tunnels.push(req.url ?? '')
    const upstream = connect(port, '127.0.0.1', () => {
      own.add(upstream.localPort ?? 0)
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      one.on('error', () => other.destroy())
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      one.on('close', () => other.destroy())
  })
  return proxy
}

/** @param names - hosts that have a certificate of the CA */
export async function startCompanyNetwork(names: readonly string[]): Promise<CompanyNetwork> {
  const { folder, ca, cert, key } = await makeCertificates(names)
  const [tunnels, requests, remotePorts, own]: [string[], string[], number[], Set<number>] = [[], [], [], new Set()]
  const server = createHttpsServer({ cert, key }, issuer(requests))
  server.on('connection', (socket: Socket) => remotePorts.push(socket.remotePort ?? 0))
  const proxy = createProxy(await listening(server), tunnels, own)
  return {
    proxyUrl: `http://127.0.0.1:${await listening(proxy)}`,
    caFile: join(folder, 'ca.pem'),
    ca,
    tunnels,
    requests,
    get connections() {
      return { taken: remotePorts.length, fromProxy: remotePorts.filter((port) => own.has(port)).length }
    },
    async close() {
      server.closeAllConnections()
      for (const one of [server, proxy]) one.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
