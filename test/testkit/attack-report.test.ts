import { createServer, type RequestListener } from 'node:http'
import { type AttackRow, attackGuard, createFakeIssuer, createSender, testKeys } from '@countersign/testkit'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { listening } from '../contracts/listening.js'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function attack(answer: (issuerKeys: URL) => RequestListener): Promise<Awaited<ReturnType<typeof attackGuard>>> {
  const issuer = await createFakeIssuer({ audience: 'https://api.test', keys: [testKeys.es256] })
  const server = await listening(createServer(answer(new URL(issuer.jwksUrl))).listen(0, '127.0.0.1'))
  open.push(issuer, server)
  return attackGuard({ send: createSender(server.url), routes: { guarded: '/' }, issuer })
}

const always =
  (status: number, headers: Record<string, string> = {}): (() => RequestListener) =>
  () =>
  (_request, response) => {
    response.writeHead(status, headers).end('{}')
  }

describe('the report of attackGuard', () => {
  // What Node's parser refuses never reaches an app.
  const byParser = ({ actualStatus }: AttackRow): boolean => actualStatus === 400 || actualStatus === 431

  it('fails an app that admits everything, wherever it should not', async () => {
    const { ok, rows, failed } = await attack(always(200))
    expect(ok).toBe(false)
    const passed = rows.filter((row) => row.outcome === 'passed' && !byParser(row))
    expect(passed.filter(({ name }) => !/admitted/.test(name))).toEqual([])
    expect(failed.length).toBeGreaterThan(350)
    expect(failed.filter(({ note }) => note === undefined)).toEqual([])
  })

  it('fails an app that answers with a fault of its own, in every row', async () => {
    const { rows } = await attack(always(500))
    expect(rows.filter((row) => row.outcome === 'passed' && !byParser(row))).toEqual([])
  })

  it('fails an app that refuses everything, judges its challenge, and says what was not run', async () => {
    const { ok, rows, passed, failed, notRun } = await attack(
      always(401, { 'www-authenticate': 'Bearer error="invalid_token", error="x"' }),
    )
    expect(ok).toBe(false)
    expect(failed.map(({ name }) => name)).toContain('a valid token is admitted')
    const row = rows.find(({ name }) => name === 'ES256: one byte')
    expect(row).toMatchObject({ outcome: 'failed', actualStatus: 401, expectedStatus: [401], challengeOk: false })
    const needed = ['clock', 'deadIssuer', 'otherIssuer', 'routes.identity', 'routes.optional', 'routes.scoped']
    expect(new Set(notRun.map(({ note }) => note))).toEqual(new Set(needed.map((option) => `needs ${option}`)))
    expect(passed + failed.length + notRun.length).toBe(rows.length)
    expect(new Set(rows.map(({ family, name }) => `${family}: ${name}`)).size).toBe(rows.length)
  })

  it('finds what an app leaves open that verifies signatures and nothing else', async () => {
    const { failed } = await attack((jwksUrl) => {
      const keys = createRemoteJWKSet(jwksUrl)
      return (request, response) => {
        const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
        jwtVerify(token, keys).then(
          () => response.end('{}'),
          () => response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end(),
        )
      }
    })
    const admitted = failed.filter(({ actualStatus }) => actualStatus === 200).map(({ family, name }) => `${family}: ${name}`)
    for (const expected of [
      'token: claims: ES256: no exp',
      'token: audience and issuer: ES256: iss: an array with the right one',
      'token: audience and issuer: ES256: aud: missing',
      'token: use: ES256: a cnf with jkt',
      'token: use: ES256: typ "dpop+jwt"',
      'token: claims: ES256: sub twice',
      'credentials: a valid token, then a forged one',
    ])
      expect(admitted).toContain(expected)
  })

  it('demands an audience', async () => {
    const issuer = await createFakeIssuer()
    open.push(issuer)
    await expect(attackGuard({ send: createSender('http://127.0.0.1:1'), routes: { guarded: '/' }, issuer })).rejects.toThrow(TypeError)
  })
})
