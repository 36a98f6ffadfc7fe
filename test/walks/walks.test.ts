import { createFakeIssuer } from '@countersign/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listening } from '../contracts/listening.js'
import { readWalks, wiring } from '../structure/walks.js'
import { executedFiles } from './executed-files.js'
import { type Host, startHost } from './host.js'
import { passedBy } from './passed-by.js'

interface Answer {
  readonly status: number
  readonly body: { readonly access_token: string; readonly refresh_token: string }
}

const partner = await createFakeIssuer({ audience: 'https://api.example' })
let host: Host
let server: { readonly url: string; close(): Promise<void> }

/** Files that run when the app starts. */
let started: readonly string[] = []

beforeAll(async () => {
  started = await executedFiles(async () => {
    host = await startHost(partner)
  })
  server = await listening(host.app.listen(0, '127.0.0.1'))
})

afterAll(async () => {
  await server.close()
  await host.close()
  await partner.close()
})

async function get(path: string, token: string): Promise<number> {
  const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } })
  await response.arrayBuffer()
  return response.status
}

async function post(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
  const headers = { authorization: host.basic }
  const response = await fetch(server.url + path, { method: 'POST', headers, body: new URLSearchParams(fields) })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] }
}

const signIn = async (): Promise<Answer['body']> => (await post('/token', { grant_type: 'urn:example:sign-in', scope: 'read' })).body

async function until(status: number, ask: () => Promise<number>): Promise<void> {
  const deadline = performance.now() + 10_000
  while ((await ask()) !== status) {
    if (performance.now() > deadline) throw new Error(`no ${status} within 10 s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const walks = readWalks()

/** What runs must be in a walk of the page, or in `passed-by.ts` if a reader need not open it. What is in this walk must run, now or when the app starts. */
function compare(name: string, ran: readonly string[]): void {
  const files = walks.find((walk) => walk.name === name)?.files ?? []
  const walked = walks.flatMap((walk) => walk.files)
  const named = [...walked, ...Object.values(passedBy).flat()]
  const unnamed = ran.filter((file) => !named.includes(file))
  const idle = files.filter((file) => !ran.includes(file) && !started.includes(file))
  expect({ unnamed, idle }).toEqual({ unnamed: [], idle: [] })
}

describe('each walk of docs/architecture.md names the files that run', () => {
  test('for a request with a Bearer token', async () => {
    const tokens = [await partner.token({ claims: { scope: 'read' } }), await partner.token({ claims: { scope: 'read' } })] as const
    expect(await get('/me', tokens[0])).toBe(200) // loads the keys of the issuer
    const weak = await partner.token({ claims: { scope: 'write' } })
    const ran = await executedFiles(async () => {
      expect([await get('/me', tokens[1]), await get('/me', weak)]).toEqual([200, 403])
    })
    compare('A request with a Bearer token', ran)
  })

  test('for a refresh token', async () => {
    const { refresh_token } = await signIn()
    const ran = await executedFiles(async () => {
      expect((await post('/token', { grant_type: 'refresh_token', refresh_token })).status).toBe(200)
    })
    compare('A refresh token is used', ran)
  })

  test('for a revocation', async () => {
    const { access_token: token } = await signIn()
    expect(await get('/elsewhere', token)).toBe(200)
    const ran = await executedFiles(async () => {
      expect((await post('/revoke', { token })).status).toBe(200)
      await until(401, () => get('/elsewhere', token))
    })
    compare('A token is revoked until another process refuses it', ran)
  })
})

test('a file that is passed by exists, and is in no walk', () => {
  const files = Object.values(passedBy).flat()
  expect(new Set(files).size).toBe(files.length)
  const walked = walks.flatMap((walk) => walk.files)
  expect(files.filter((file) => walked.includes(file) || wiring.includes(file))).toEqual([])
})
