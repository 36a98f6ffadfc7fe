import { readFile } from 'node:fs/promises'
import { expect, it, vi } from 'vitest'
import { answerTo, tokenOf } from './guard-setup.js'
import { guard } from './tenants-example.js'

const root = new URL('../../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')

it.each([
  ['packages/verifier/README.md', 'test/verifier/quick-start.ts'],
  ['docs/tenants.md', 'test/verifier/tenants-example.ts'],
])('%s shows the program %s', async (document, program) => {
  expect(await read(document)).toContain((await read(program)).trimEnd())
})

it('the quick start prints what its comments say', async () => {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  await import('./quick-start.js')
  const said = [...(await read('test/verifier/quick-start.ts')).matchAll(/\) \/\/ (.+)$/gm)].map(([, text]) => [text])
  expect(said).toHaveLength(4)
  expect(log.mock.calls).toEqual(said)
})

it('the example of tenants asks for customers only', async () => {
  expect(await answerTo(guard, await tokenOf({ iss: 'https://login.example/stranger/v2.0' }))).toBe('401 unknown_issuer')
  expect(await answerTo(guard, await tokenOf({ iss: 'https://login.example.evil.test/acme/v2.0' }))).toBe('401 unknown_issuer')
})
