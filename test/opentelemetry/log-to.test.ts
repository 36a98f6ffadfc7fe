import { eventChannel, eventNames, Unavailable } from '@countersign/core'
import { type Logger, logTo } from '@countersign/opentelemetry/log'
import { createFakeIssuer, testKeys } from '@countersign/testkit'
import { createGuard, jwks } from '@countersign/verifier'
import pino from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'

interface Line {
  readonly level: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

function collecting(): Logger & { readonly lines: readonly Line[] } {
  const lines: Line[] = []
  const at =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields: fields as Line['fields'], message })
  return { lines, error: at('error'), warn: at('warn'), info: at('info') }
}

const secrets = {
  jwt: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJl',
  bearer: 'Bearer abcdef0123456789',
  basic: 'Basic Y2xpZW50OnNlY3JldA==',
  url: 'postgres://app:hunter22@db.internal:5432/app',
  form: 'client_secret=s3cr3t-value&grant_type=x',
  json: '{"password":"hunter22"}',
  made: 'cs_abcdefghijklmnop',
  pem: '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----',
}
const hidden = /eyJhbGci|abcdef0123456789|Y2xpZW50|hunter22|s3cr3t|cs_abcdefgh|MIGHAgEA/

describe('logTo', () => {
  it('writes outages as errors, refusals as warnings and the rest as information', () => {
    const logger = collecting()
    onTestFinished(logTo(logger))
    eventChannel('countersign:refused').publish({
      reason: 'audience',
      via: 'partner',
      cached: false,
      durationMs: 1,
      detail: { expected: 'https://api.example', received: 'https://other.example' },
    })
    const cause = new Unavailable('store_unavailable', { cause: new Error('connect ECONNREFUSED') })
    eventChannel('countersign:refused').publish({
      reason: 'store_unavailable',
      via: undefined,
      cached: false,
      durationMs: 1,
      detail: undefined,
      cause,
    })
    eventChannel('countersign:token').publish({ outcome: 'issued', grant: 'client_credentials', clientId: 'c', jti: 'j', durationMs: 2 })
    eventChannel('countersign:token').publish({ outcome: 'refresh_reused', grant: 'refresh_token', clientId: 'c', durationMs: 2 })
    eventChannel('countersign:accepted').publish({ via: 'partner', issuer: 'https://issuer.example', cached: true, durationMs: 1 })
    expect(logger.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'warn countersign:refused',
      'error countersign:refused',
      'info countersign:token',
      'warn countersign:token',
    ])
    expect(logger.lines[0]?.fields).toEqual({
      reason: 'audience',
      via: 'partner',
      cached: false,
      durationMs: 1,
      detail: { expected: 'https://api.example', received: 'https://other.example' },
    })
    expect(logger.lines[1]?.fields.cause).toMatchObject({ cause: { message: 'connect ECONNREFUSED' } })
  })

  it.each(Object.entries(secrets))('shows no %s in any field of any event', (_kind, secret) => {
    const logger = collecting()
    onTestFinished(logTo(logger, { accepted: true }))
    const cause = new Error(`outer: ${secret}`, { cause: new Error(`inner ${secret}`, { cause: secret }) })
    const text = `before ${secret}`
    const event = { via: text, reason: text, outcome: text, kid: text, detail: { received: text }, cause, token: text, authorization: text }
    for (const name of eventNames) eventChannel(name).publish(event as never)
    expect(logger.lines.length).toBe(eventNames.length)
    expect(logger.lines.filter((line) => hidden.test(JSON.stringify(line)))).toEqual([])
    expect(logger.lines.every(({ fields }) => String(fields.via).startsWith('before '))).toBe(true)
  })

  it('shows no part of a token that was sent', async () => {
    const written: string[] = []
    const logger = pino({ level: 'trace' }, { write: (line: string) => void written.push(line) })
    onTestFinished(logTo(logger, { accepted: true }))
    const audience = 'https://api.example'
    await using issuer = await createFakeIssuer({ audience, keys: [testKeys.es256] })
    await using guard = createGuard({
      issuers: { partner: jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['ES256'], audience }) },
    })
    const good = await issuer.token()
    const tokens = [good, `${good.slice(0, -4)}AAAA`, `x${good}`, good.replace('.', '.e30'), good.slice(0, 40)]
    for (const token of tokens) await guard.check({ headers: { authorization: `Bearer ${token}` } })
    const parts = tokens.flatMap((token) => token.split('.')).filter((part) => part.length > 12)
    expect(written.length).toBeGreaterThanOrEqual(tokens.length)
    expect(parts.filter((part) => written.some((line) => line.includes(part)))).toEqual([])
  })

  it('keeps each event on one line, and a line short', () => {
    const logger = collecting()
    onTestFinished(logTo(logger))
    eventChannel('countersign:issuer').publish({
      outcome: 'unknown',
      via: 'tenants',
      issuer: `https://a\nforged line\u2028${'x'.repeat(100_000)}`,
    })
    const issuer = String(logger.lines[0]?.fields.issuer)
    expect(issuer).toContain('https://a?forged line?')
    expect(issuer.length).toBe(500)
  })

  it('ends, and takes nothing that is no logger', () => {
    const logger = collecting()
    logTo(logger)()
    eventChannel('countersign:anonymous').publish({ durationMs: 1 })
    expect(logger.lines).toEqual([])
    expect(() => logTo({} as Logger)).toThrow('logTo: logger must be an object with the methods error, warn and info, got an object')
    expect(() => logTo(console, { accepted: 1 } as never)).toThrow('logTo: accepted must be true or false, got 1')
  })
})
