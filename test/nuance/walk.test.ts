import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { importPKCS8, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, startApp } from './nuance-app.js'
import { belisle, exchangeType, jwtType, seconds, tokenPath } from './nuance-requests.js'
import { type SeedFile, seedClient, writeSeed } from './nuance-seed.js'

const run = promisify(execFile)
const [openssl, curl] = ['openssl', 'curl'] as const
const programs = [openssl, curl]
const missing = programs.filter((program) => spawnSync(program, ['--version']).error)

const base64url = (bytes: Buffer): string => bytes.toString('base64url')

describe.skipIf(missing.length > 0)(`the walk of the vendor’s page, by other programs than ours (needs ${programs.join(' and ')})`, () => {
  const place: { folder: string; app: App; seed: SeedFile } = {} as never
  const file = (name: string): string => join(place.folder, name)

  beforeAll(async () => {
    place.folder = await mkdtemp(join(tmpdir(), 'nuance-walk-'))
    // As the page has it, and the name of the key is a hash of it.
    await run(openssl, ['genrsa', '-out', file('private.pem'), '2048'])
    await run(openssl, ['rsa', '-in', file('private.pem'), '-pubout', '-out', file('public.pem')])
    const { stdout } = await run(openssl, ['dgst', '-sha256', '-r', file('public.pem')])
    const kid = stdout.split(' ')[0] ?? ''
    const pem = await readFile(file('public.pem'), 'utf8')
    place.seed = await writeSeed(seedClient({ keys: [{ kid, public_key_pem: pem, not_before: null, expires_at: null }] }))
    await writeFile(file('kid'), kid)
    place.app = await startApp({ SEED_FILE: place.seed.path })
  })
  afterAll(async () => {
    await place.app?.end()
    await place.seed?.remove()
    await rm(place.folder, { recursive: true, force: true })
  })

  async function claims(): Promise<{ readonly kid: string; readonly payload: Record<string, unknown> }> {
    const iat = seconds()
    const payload = {
      sub: 'sacha.belisle',
      aud: 'NUANCE',
      nbf: iat,
      iss: 'BELISLE',
      exp: iat + 86_400,
      iat,
      jti: randomUUID(),
      email: 's@b.example',
    }
    return { kid: await readFile(file('kid'), 'utf8'), payload }
  }

  /** Signed by the program openssl. */
  async function byOpenssl(): Promise<string> {
    const { kid, payload } = await claims()
    const parts = [{ alg: 'RS256', typ: 'JWT', kid }, payload].map((part) => base64url(Buffer.from(JSON.stringify(part))))
    const input = parts.join('.')
    const signature = execFileSync(openssl, ['dgst', '-sha256', '-sign', file('private.pem'), '-binary'], { input })
    return `${input}.${base64url(signature)}`
  }

  /** Signed by another library. */
  async function byJose(): Promise<string> {
    const { kid, payload } = await claims()
    const { stdout } = await run(openssl, ['pkcs8', '-topk8', '-nocrypt', '-in', file('private.pem')])
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(await importPKCS8(stdout, 'RS256'))
  }

  it.each([
    ['openssl', byOpenssl],
    ['another library', byJose],
  ])('a subject token signed by %s, sent by curl: 200 with exactly the members of the page', async (_name, sign) => {
    const form = [`grant_type=${exchangeType}`, `subject_token=${await sign()}`, `subject_token_type=${jwtType}`]
    const sent = form.flatMap((one) => ['--data-urlencode', one])
    const answered = ['-w', '\n%{http_code}', `${place.app.url}${tokenPath}`]
    const { stdout } = await run(curl, ['-s', '-u', `${belisle.id}:${belisle.secret}`, ...sent, ...answered])
    const [text = '', status] = stdout.split('\n')
    const body = JSON.parse(text) as { readonly access_token: string; readonly expires_in: number }
    expect(status).toBe('200')
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'scope', 'sites', 'jti'])
    expect(body).toMatchObject({ token_type: 'bearer', scope: 'read', sites: ['306'] })
    expect(body.expires_in).toBeLessThanOrEqual(7199)
    const asked = await run(curl, ['-s', '-H', `authorization: Bearer ${body.access_token}`, `${place.app.url}/reporting/v3/ping`])
    expect(JSON.parse(asked.stdout)).toEqual({ subject: 'sacha.belisle', client: 'belisle', sites: ['306'] })
  })
})
