import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { protect, requireScopes, routes } from '@countersign/express'
import { mcp, mcpTokenVerifier } from '@countersign/express/mcp'
import { createFakeIssuer, type FakeIssuer, testKeys } from '@countersign/testkit'
import { createGuard, oidc, protectedResourceMetadata, type ResourceGuard } from '@countersign/verifier'
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express, { type RequestHandler } from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A computed name, so that its types, which add a member to the requests of every Express app, are not read. */
const bearerAuth: string = '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'

let issuer: FakeIssuer
let guard: ResourceGuard
let server: Server
let resource: string
let tokenRequests: string[]

function serverWithTool(): McpServer {
  const mcpServer = new McpServer({ name: 'tools', version: '1.0.0' })
  mcpServer.registerTool('who', { description: 'Says who calls.' }, ({ authInfo }) => ({
    content: [{ type: 'text', text: JSON.stringify({ ...authInfo, token: typeof authInfo?.token }) }],
  }))
  return mcpServer
}

const handleMcp: RequestHandler = async (req, res) => {
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true } as never)
  res.on('close', () => void transport.close())
  await serverWithTool().connect(transport as never)
  await transport.handleRequest(req, res, req.body)
}

/** The token endpoint of the issuer: a real client authenticates itself there. */
const tokenEndpoint: RequestHandler = (req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    tokenRequests.push(`${form.get('grant_type')} ${form.get('resource')} ${form.get('scope')}`)
    const isKnown = req.headers.authorization === `Basic ${Buffer.from('agent:secret').toString('base64')}`
    const answer = async (): Promise<object> =>
      isKnown
        ? {
            access_token: await issuer.token({ claims: { aud: resource, client_id: 'agent', scope: form.get('scope') } }),
            token_type: 'Bearer',
          }
        : { error: 'invalid_client' }
    void answer().then((body) => {
      res.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' })
      res.end(JSON.stringify(body))
    })
  })
}

beforeAll(async () => {
  tokenRequests = []
  issuer = await createFakeIssuer({
    keys: [testKeys.es256],
    metadata: { grant_types_supported: ['client_credentials'], token_endpoint_auth_methods_supported: ['client_secret_basic'] },
    otherwise: tokenEndpoint as never,
  })
  const app = express()
  server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  resource = `${origin}/mcp`
  guard = createGuard({
    issuers: { login: oidc({ issuer: issuer.issuer, algorithms: ['ES256'], audience: resource, allowInsecure: true }) },
    resource,
    metadata: { scopesSupported: ['tools:call'], authorizationServers: [issuer.issuer] },
  })
  app.use(routes(protectedResourceMetadata(guard)))
  app.post('/mcp', protect(guard, mcp('tools:call')), express.json(), handleMcp)
  app.get('/mcp', (_req, res) => void res.status(405).end())
  app.post('/admin', protect(guard, mcp(), requireScopes('admin')), (_req, res) => void res.end())
  const { requireBearerAuth } = (await import(bearerAuth)) as { requireBearerAuth(options: object): RequestHandler }
  app.post('/sdk', requireBearerAuth({ verifier: mcpTokenVerifier(guard), requiredScopes: ['tools:call'] }), (req, res) => {
    res.json((req as { auth?: unknown }).auth)
  })
})

afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await guard.close()
  await issuer.close()
})

async function callTool(clientSecret: string): Promise<Record<string, unknown>> {
  const authProvider = new ClientCredentialsProvider({
    clientId: 'agent',
    clientSecret,
    scope: 'tools:call',
    expectedIssuer: issuer.issuer,
  })
  const client = new Client({ name: 'agent', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider }) as never)
  try {
    const { content } = await client.callTool({ name: 'who' })
    return JSON.parse((content as { text: string }[])[0]?.text ?? '') as Record<string, unknown>
  } finally {
    await client.close()
  }
}

describe('an MCP server that a guard protects', () => {
  it('is used by the client of the SDK, which finds the issuer by the first 401', async () => {
    const authInfo = await callTool('secret')
    expect(authInfo).toMatchObject({
      token: 'string',
      clientId: 'agent',
      scopes: ['tools:call'],
      extra: { via: 'login', subject: 'user-1' },
    })
    // RFC 8707: the token was requested for this server.
    expect(tokenRequests).toEqual([`client_credentials ${resource} tools:call`])
  })

  it('is not used by a client that its issuer does not know', async () => {
    await expect(callTool('guessed')).rejects.toThrow()
  })

  it('names the scopes and the metadata in the first challenge, also those of other requirements', async () => {
    const first = await fetch(resource, { method: 'POST' })
    const origin = new URL(resource).origin
    expect(first.status).toBe(401)
    expect(first.headers.get('www-authenticate')).toBe(
      `Bearer realm="${resource}", scope="tools:call", resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`,
    )
    const other = await fetch(`${origin}/admin`, { method: 'POST' })
    expect(other.headers.get('www-authenticate')).toContain('scope="admin"')
    const metadata = await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`)
    expect(metadata.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('answers 403 with the scope to a token that lacks it, and 503 while keys cannot be fetched', async () => {
    const without = await issuer.token({ claims: { aud: resource, scope: 'other' } })
    const refused = await fetch(resource, { method: 'POST', headers: { authorization: `Bearer ${without}` } })
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    await issuer.stop()
    try {
      await using cold = createGuard({
        issuers: { login: oidc({ issuer: issuer.issuer, algorithms: ['ES256'], audience: resource, allowInsecure: true }) },
      })
      const answer = await cold.check({ headers: { authorization: `Bearer ${without}` } }, mcp())
      expect(answer).toMatchObject({ ok: false, reply: { status: 503 } })
      await expect(mcpTokenVerifier(cold).verifyAccessToken(without)).rejects.toMatchObject({ name: 'ServerError' })
    } finally {
      await issuer.restart()
    }
  })
})

describe('requireBearerAuth of the SDK, with a guard as its verifier', () => {
  const post = async (token: string): Promise<Response> =>
    fetch(new URL('/sdk', resource), { method: 'POST', headers: { authorization: `Bearer ${token}` } })

  it('admits a token, with its client, scopes, end and resource', async () => {
    const answer = await post(await issuer.token({ claims: { aud: resource, client_id: 'agent', scope: 'tools:call' } }))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      clientId: 'agent',
      scopes: ['tools:call'],
      resource,
      expiresAt: expect.any(Number) as number,
    })
  })

  it('refuses a bad one with 401, and one that lacks the scope with 403', async () => {
    expect((await post('not-a-jwt')).status).toBe(401)
    expect((await post(await issuer.token({ claims: { aud: resource }, lifetimeSeconds: -300 }))).status).toBe(401)
    expect((await post(await issuer.token({ claims: { aud: resource, scope: 'other' } }))).status).toBe(403)
  })
})

it('a guard must be given', () => {
  expect(() => mcpTokenVerifier({} as never)).toThrow(new TypeError('mcpTokenVerifier: the first argument must be a guard, got an object'))
})
