import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quietPool, schemasOf } from '../postgres/postgres-backend.js'
import { describeWith } from '../services.js'
import type { Place } from './documented-control.js'
import { type DocumentedServer, documentedServers } from './documented-servers.js'
import { beginCell } from './matrix-cells.js'
import { living, matrix, revoked } from './matrix-table.js'

const cells = revoked.flatMap((row) => living.map((column) => ({ row, column, cell: matrix[row][column] })))
const refusals = [400, 401, 403]

/** A store that began a moment ago cannot prove that an assertion of now is new. */
async function settled(server: DocumentedServer, tries = 40): Promise<void> {
  const { probe } = await beginCell('subject', 'pending assertion', [server])
  const status = await probe(server)
  if (status === 200) return
  if (tries === 0) throw new Error(`assertions are answered with ${status}`)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await settled(server, tries - 1)
}

/** Ends at one server, and looks at another one, or at the same. */
async function checkCell(
  { row, column, cell }: (typeof cells)[number],
  servers: readonly [DocumentedServer, ...DocumentedServer[]],
): Promise<void> {
  const at = servers.at(-1) ?? expect.fail()
  const { probe, end } = await beginCell(row, column, servers)
  await end()
  if (cell.startsWith('lives on')) return expect(await probe(at)).toBe(200)
  // What is presented once can be looked at once: where a push takes its time, it is given that time.
  const isUsedUp = !column.endsWith('token')
  if (cell === 'ends at once' || at === servers[0]) return expect(refusals).toContain(await probe(at))
  if (isUsedUp) await new Promise((resolve) => setTimeout(resolve, 2_000))
  await expect.poll(async () => refusals.includes(await probe(at)), { timeout: 2_000, interval: 20 }).toBe(true)
}

describe('docs/revocation.md', () => {
  const page = readFile(new URL('../../docs/revocation.md', import.meta.url), 'utf8')

  it('has the same matrix, cell by cell', async () => {
    const [, after = ''] = (await page).split('## The matrix\n')
    const lines = after.split('\n')
    const from = lines.findIndex((line) => line.startsWith('|'))
    const to = lines.findIndex((line, at) => at > from && !line.startsWith('|'))
    const [head, , ...body] = lines.slice(from, to).map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((text) => text.trim()),
    )
    expect(head).toEqual(['revoked', ...living])
    const written = Object.fromEntries(body.map(([name = '', ...texts]) => [name, texts]))
    expect(written).toEqual(Object.fromEntries(revoked.map((row) => [row, living.map((column) => matrix[row][column])])))
  })

  it('gives a reason for everything that lives on, and no other', async () => {
    const [, after = ''] = (await page).split('## The matrix\n')
    const [section = ''] = after.split('\n## ')
    const given = [...section.matchAll(/^- \((\w)\) \S.{20,}$/gm)].map(([, letter]) => letter)
    const needed = new Set(cells.flatMap(({ cell }) => /^lives on \((\w)\)$/.exec(cell)?.[1] ?? []))
    expect(given).toEqual([...needed].sort())
  })
})

describe('one process', () => {
  const servers = documentedServers()
  const state: { server: DocumentedServer | undefined } = { server: undefined }
  beforeAll(async () => {
    state.server = await servers.start()
    await settled(state.server)
  }, 60_000)
  afterAll(() => servers.endAll())

  it.each(cells)('$row × $column: alive before', async ({ row, column }) => {
    const server = state.server ?? expect.fail()
    expect(await (await beginCell(row, column, [server])).probe(server)).toBe(200)
  })

  it.each(cells)('$row × $column: $cell', async (one) => checkCell(one, [state.server ?? expect.fail()]))
})

function twoProcesses(place: () => Promise<Place>): void {
  const servers = documentedServers()
  const state: { servers: readonly [DocumentedServer, DocumentedServer] | undefined } = { servers: undefined }
  beforeAll(async () => {
    const where = await place()
    state.servers = [await servers.start(where), await servers.start(where)]
    await settled(state.servers[0])
  }, 60_000)
  afterAll(() => servers.endAll())

  it.each(cells)('$row × $column: $cell, in the other process', async (one) => checkCell(one, state.servers ?? expect.fail()), 10_000)
}

describeWith('redis', 'two processes on one Redis', (url) => {
  twoProcesses(async () => ({ redis: url, prefix: `matrix-${randomBytes(6).toString('hex')}` }))
})

describeWith('postgres', 'two processes on one PostgreSQL', (url) => {
  const admin = quietPool(url)
  const schemas = schemasOf(admin)
  const state = { schema: '' }
  twoProcesses(async () => {
    state.schema = await schemas.create()
    return { postgres: url, schema: state.schema }
  })
  afterAll(async () => {
    await schemas.drop(state.schema)
    await admin.end()
  })
})
