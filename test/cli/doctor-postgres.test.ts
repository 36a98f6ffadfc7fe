import type { CountersignConfig } from '@countersign/cli'
import { expect, test } from 'vitest'
import { quietPool } from '../postgres/postgres-backend.js'
import { testSchema } from '../postgres/schema-setup.js'
import { describeWith } from '../services.js'
import { command } from './command.js'

interface Finding {
  readonly part: string
  readonly level: string
  readonly message: string
}

async function problemsOf(postgres: CountersignConfig['postgres']): Promise<readonly string[]> {
  const { output } = await command(['doctor', '-c', 'command.ts', '--json'], { importModule: async () => ({ config: { postgres } }) })
  const { findings } = JSON.parse(output) as { findings: readonly Finding[] }
  return findings.filter(({ level }) => level === 'problem').map(({ message }) => message)
}

describeWith('postgres', 'doctor on PostgreSQL', (url) => {
  const { admin, schema } = testSchema(url)

  test('finds nothing where nothing is wrong', async () => {
    expect(await problemsOf({ pool: admin, schema: schema() })).toEqual([])
  })

  test('names a schema without tables', async () => {
    expect(await problemsOf({ pool: admin, schema: 'nobody_made_this' })).toEqual([
      expect.stringMatching(/nobody_made_this has no tables: run countersign migrate/),
    ])
  })

  test('names an old schema', async () => {
    const table = `${schema()}.migrations`
    const { rows } = await admin.query(
      `delete from ${table} where version = (select max(version) from ${table}) returning version, needs, description`,
    )
    try {
      expect(await problemsOf({ pool: admin, schema: schema() })).toEqual([
        expect.stringMatching(/has version \d+, this release has \d+: run countersign migrate/),
      ])
    } finally {
      await admin.query(`insert into ${table} (version, needs, description) values ($1, $2, $3)`, Object.values(rows[0]))
    }
  })

  test('names a role that may not write', async () => {
    const role = `reader_of_${schema()}`
    await admin.query(
      `create role ${role} login; grant usage on schema ${schema()} to ${role}; grant select on all tables in schema ${schema()} to ${role}`,
    )
    const reader = quietPool(url.replace(/\/\/[^@]*@/, `//${role}@`))
    try {
      expect(await problemsOf({ pool: reader, schema: schema() })).toEqual([expect.stringMatching(/may not read and write .*documents/)])
    } finally {
      await reader.end()
      await admin.query(`drop owned by ${role}; drop role ${role}`)
    }
  })

  test('names a pooler in transaction mode: two clients have one session', async () => {
    const shared = await admin.connect()
    const pool = {
      connect: async () => ({
        query: (text: string, values?: readonly unknown[]) => shared.query(text, [...(values ?? [])]),
        release: () => undefined,
      }),
    }
    try {
      expect(await problemsOf({ pool, schema: schema() })).toContainEqual(expect.stringMatching(/a pooler in transaction mode is between/))
    } finally {
      shared.release()
    }
  })

  test('migrate shows its SQL with --dry-run, and says from which version to which', async () => {
    const config = { config: { postgres: { pool: admin, schema: schema() } } }
    const ran = (...more: readonly string[]) =>
      command(['migrate', '-c', 'command.ts', '--json', ...more], { importModule: async () => config })
    expect(JSON.parse((await ran('--dry-run')).output)).toMatchObject({ ok: true, sql: expect.stringContaining('create table') })
    const { code, output } = await ran()
    const { from, to } = JSON.parse(output)
    expect({ code, isSame: from === to, isVersion: to > 0 }).toEqual({ code: 0, isSame: true, isVersion: true })
  })
})
