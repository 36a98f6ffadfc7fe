import { readFile } from 'node:fs/promises'
import { type Auth, eventChannel, eventNames, reasons, refuse } from '@countersign/core'
import { describe, expect, it, vi } from 'vitest'
import { limited } from './quick-start.js'

const root = new URL('../../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')

/** Cells of the table rows that begin with a name in code. */
async function rowsOf(path: string): Promise<readonly (readonly string[])[]> {
  const rows = (await read(path)).split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

it.each([
  ['packages/core/README.md', 'test/core/quick-start.ts'],
  ['docs/events.md', 'test/core/events-example.ts'],
])('%s shows the program %s', async (document, program) => {
  expect(await read(document)).toContain((await read(program)).trimEnd())
})

describe('the page of reasons', () => {
  it('has every reason once, in the order of the program', async () => {
    const documented = (await rowsOf('docs/reasons.md')).map(([name = '']) => name.replaceAll('`', ''))
    expect(new Set(documented)).toEqual(new Set(reasons))
    expect(documented).toHaveLength(reasons.length)
  })

  it('has the answer of every reason', async () => {
    for (const [name = '', answer = ''] of await rowsOf('docs/reasons.md')) {
      const { status, code, description } = refuse(name.replaceAll('`', '') as never)
      if (status === 503) continue
      if (code === 'invalid_token') expect(description).toContain(answer)
      else expect(answer).toContain(code === undefined ? String(status) : `${status} \`${code}\``)
    }
  })
})

it('the page of events has every channel', async () => {
  const documented = (await rowsOf('docs/events.md')).map(([name = '']) => name.replaceAll('`', ''))
  expect(documented).toEqual(eventNames)
})

it('the example of events counts refusals', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const { end } = await import('./events-example.js')
  eventChannel('countersign:refused').publish({ reason: 'expired', via: 'main', cached: false, durationMs: 0, detail: undefined })
  end()
  expect(warn.mock.calls).toEqual([['refused', { reason: 'expired', via: 'main', detail: undefined, cause: undefined }]])
})

it('the quick start of core lets ten requests through', async () => {
  const auth = { clientId: 'app', issuer: 'https://issuer.test' } as Auth
  const answers: unknown[] = []
  for (let request = 0; request < 11; request++) answers.push(await limited()(auth, {}, { now: 0 }))
  expect(answers.slice(0, 10).every((answer) => answer === undefined)).toBe(true)
  expect(answers[10]).toMatchObject({ reason: 'too_many', status: 429 })
})
