import { createHmac, createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createFakeIssuer, type FakeIssuer, signToken, testKeys } from '@countersign/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command, type Ran } from './command.js'
import { wrongClaims } from './wrong-tokens/of-claims.js'
import { wrongIssuers } from './wrong-tokens/of-issuers.js'
import { wrongRequests } from './wrong-tokens/of-requests.js'

const wrongTokens = [...wrongRequests, ...wrongIssuers, ...wrongClaims]

const opened: { keys?: FakeIssuer } = {}

beforeAll(async () => {
  // The keys of a user pool are below its id.
  const keys = await createFakeIssuer({ jwksPath: '/us-east-2_AbCdEfGhI/.well-known/jwks.json' })
  opened.keys = keys
  process.env.TEST_KEYS_URL = keys.url
  const { revocations } = await import('./configs/guard.config.js')
  revocations.revoke({ type: 'jti', issuer: 'https://partner.example', jti: 'revoked', expiresAt: Date.now() / 1000 + 300 })
  revocations.revoke({ type: 'client', issuer: 'https://partner.example', clientId: 'locked' })
})

afterAll(() => opened.keys?.close())

const explained = (input: string, ...options: readonly string[]): Promise<Ran> =>
  command(['explain', '--config', 'configs/guard.config.ts', ...options], { input })

describe('explain names cause and line', () => {
  test('of at least 40 wrong tokens', () => expect(wrongTokens.length).toBeGreaterThanOrEqual(40))

  test.each(wrongTokens)('$name', async ({ input, reason, cause, line, scopes }) => {
    const { code, output, errors } = await explained(await input(), '--json', ...(scopes === undefined ? [] : ['--scopes', scopes]))
    expect(errors).toBe('')
    const explanation = JSON.parse(output)
    expect(explanation.reason).toBe(reason)
    expect(code).toBe(reason === 'key_source_unavailable' ? 3 : 1)
    expect(explanation.cause).toMatch(cause)
    expect(explanation.change.line).toContain(line)
  })
})

const partner = (claims: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  signToken({
    claims: {
      iss: 'https://partner.example',
      aud: 'https://api.example',
      sub: 'maria.personal@example.com',
      email: 'maria.personal@example.com',
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 300,
      ...claims,
    },
    key: testKeys.rs256,
  })

describe('explain', () => {
  test.each([[[]], [['--json']]])('shows no secret that stands in the config, with %j', async (options) => {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: 'https://legacy.example', aud: 'https://api.example', sub: 'x', iat: now, exp: now + 300 }
    const wrong = { alg: 'HS256', key: createSecretKey(Buffer.alloc(32, 7)) }
    const [header, payload] = [{ alg: wrong.alg }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    const signature = createHmac('sha256', wrong.key).update(`${header}.${payload}`).digest('base64url')
    const { output } = await explained(`${header}.${payload}.${signature}`, ...options)
    expect(output).toContain("secrets: { current: { id: '…', secret: '…' } }")
    expect(output).not.toContain('a secret of the legacy system')
  })

  test('says of a token that is admitted by which entry, with each step', async () => {
    const { code, output, errors } = await explained(`${await partner()}\n`)
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(output).toContain('admitted (as "partner")')
    expect(output).toMatch(/audience +ok +https:\/\/api\.example +https:\/\/api\.example/)
  })

  test('takes the token from a header field too', async () => {
    expect((await explained(`Authorization: Bearer ${await partner()}`)).code).toBe(0)
  })

  test.each([['text'], ['JSON']])('never shows a signature, and personal claims only on demand (%s)', async (form) => {
    const outputs: string[] = []
    for (const { input, scopes } of wrongTokens) {
      const presented = await input()
      const options = [...(form === 'JSON' ? ['--json'] : []), ...(scopes === undefined ? [] : ['--scopes', scopes])]
      const { output, errors } = await explained(presented, ...options)
      for (const segment of presented.split('.').slice(1))
        if (segment.length > 20) expect(output + errors).not.toContain(segment.slice(0, 20))
      outputs.push(output)
    }
    expect(outputs.join('')).not.toContain('maria')
    const shown = await explained(await partner({ aud: 'x' }), '--show-claims')
    expect(shown.output).toContain('maria.personal@example.com')
  })

  test('obeys nothing of a token: what a terminal would carry out is shown as text', async () => {
    const { output } = await explained(await partner({ iss: 'https://x.example/\u001b]0;title\u0007\u202e' }))
    expect(output).toContain('\\u001b]0;title')
    for (const obeyed of ['\u0007', '\u001b', '\u202e']) expect(output).not.toContain(obeyed)
  })

  test('has colours in a terminal, and none where NO_COLOR is set', async () => {
    const ran = async (environment: Readonly<Record<string, string>>): Promise<string> => {
      const written: string[] = []
      const output = { write: (text: string) => void written.push(text), isTTY: true }
      await command(['explain', '-c', 'configs/guard.config.ts'], { input: await partner(), output, environment })
      return written.join('')
    }
    expect(await ran({})).toContain('\u001b[')
    expect(await ran({ NO_COLOR: '1' })).not.toContain('\u001b[')
  })

  test('names the heading of the atlas', async () => {
    const { output } = await explained(await partner({ iss: 'https://tenant.auth0.com' }), '--json')
    expect(JSON.parse(output)).toMatchObject({ reason: 'unknown_issuer', atlas: 'Auth0, access token' })
  })
})

describe('the command', () => {
  test('refuses a token as an argument, without showing it', async () => {
    const token = await partner()
    for (const args of [[token], ['explain', token], ['explain', `Bearer ${token}`], ['explain', 'cs_0123456789abcdefghijklmn']]) {
      const { code, output, errors } = await command(args)
      expect(code).toBe(2)
      expect(errors).toContain('must come on standard input')
      expect(output + errors).not.toContain(args.at(-1))
    }
  })

  test.each([
    [['explain', '-c', 'nowhere.ts'], /--config must be a file that exists/],
    [['explain', '-c', 'command.ts'], /must export guard/],
    [['nonsense'], /unknown command/],
    [['explain', '--nonsense'], /unknown option/],
  ])('%s ends with 2 and a message', async (args, message) => {
    const { code, errors } = await command(args, { input: 'x' })
    expect({ code, errors }).toEqual({ code: 2, errors: expect.stringMatching(message) })
  })

  test('ends with 2 if nothing comes on standard input', async () => {
    expect(await command(['explain', '-c', 'configs/guard.config.ts'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('standard input'),
    })
  })

  test('prints its help', async () => {
    expect(await command(['explain', '--help'])).toMatchObject({ code: 0, output: expect.stringContaining('--show-claims') })
  })
})

describe('docs/cli.md', () => {
  const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

  test('lists the wrong tokens that are explained, with their reasons', () => {
    const rows = wrongTokens.map(({ name, reason }) => `| ${name} | \`${reason}\` |`)
    expect(rows.filter((row) => !page.includes(row))).toEqual([])
  })

  test('the headings of the atlas that can be named are there', () => {
    const atlas = readFileSync(new URL('../../docs/atlas.md', import.meta.url), 'utf8')
    const source = readFileSync(new URL('../../packages/cli/src/explain/atlas.ts', import.meta.url), 'utf8')
    const headings = [...source.matchAll(/heading: '([^']+)'/g)].map(([, heading]) => heading)
    expect(headings.length).toBeGreaterThan(10)
    expect(headings.filter((heading) => !atlas.includes(`\n## ${heading}\n`))).toEqual([])
  })
})
