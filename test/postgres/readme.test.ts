import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { describeWith } from '../services.js'
import { quietPool } from './postgres-backend.js'

const readme = new URL('../../packages/postgres/README.md', import.meta.url)

it('the quick start of the README is this program', async () => {
  const code = await readFile(new URL('quick-start.ts', import.meta.url), 'utf8')
  expect(await readFile(readme, 'utf8')).toContain(code.trimEnd())
})

describeWith('postgres', 'the quick start of the README', (url) => {
  const database = `test_${randomBytes(9).toString('hex')}`
  const admin = quietPool(url, { max: 1 })
  beforeAll(async () => {
    await admin.query(`create database ${database}`)
  })
  afterAll(async () => {
    await admin.query(`drop database ${database} with (force)`)
    await admin.end()
  })

  it('prints what its comments say', async () => {
    const own = new URL(url)
    own.pathname = `/${database}`
    vi.stubEnv('POSTGRES_URL', own.href)
    const log = vi.spyOn(console, 'log').mockReturnValue()
    const { stores, pool } = await import('./quick-start.js')
    expect(log.mock.calls).toEqual([['claimed'], ['replayed']])
    expect(await stores.ready()).toEqual({ ok: true, parts: { postgres: { ok: true }, sweep: { ok: true } } })
    await stores.close()
    await pool.end()
  })
})
