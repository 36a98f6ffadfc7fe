import { readFile } from 'node:fs/promises'
import { eventNames, reasons, refuse } from '@countersign/core'
import { describe, expect, it } from 'vitest'

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

it('the page of trouble has a row for every reason', async () => {
  const documented = (await rowsOf('docs/troubleshooting.md')).flatMap(([names = '']) => names.replaceAll('`', '').split(', '))
  expect(reasons.filter((reason) => !documented.includes(reason))).toEqual([])
})

it('the page of events has every channel', async () => {
  const documented = (await rowsOf('docs/events.md')).map(([name = '']) => name.replaceAll('`', ''))
  expect(documented).toEqual(eventNames)
})
