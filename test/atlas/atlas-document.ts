import type { AtlasRow } from './atlas-row.js'

/** docs/atlas.md, as it must be. */
export function atlasDocument(rows: readonly AtlasRow[]): string {
  return `${[
    '# Atlas of tokens',
    '',
    'Tokens that real issuers send, the entry of `createGuard({ issuers: { name: … } })` that accepts each, and near misses that the same',
    'entry refuses. Keys and identifiers are synthetic; shapes follow the documentation of the issuers. This page is written from the data',
    'of `test/atlas` and checked against it: every row is a test. To write it anew: `pnpm --dir test exec vitest run atlas -u`.',
    '',
    '| issuer and token | peculiar | refused near misses (reason) |',
    '|---|---|---|',
    ...rows.map((row) => `| [${row.name}](#${anchor(row.name)}) | ${row.peculiar} | ${nearMisses(row)} |`),
    '',
    ...rows.flatMap(section),
  ].join('\n')}`
}

function nearMisses(row: AtlasRow): string {
  return row.nearMisses.map(({ name, reason }) => `${name} (\`${reason}\`)`).join('; ')
}

function section(row: AtlasRow): readonly string[] {
  const [preset, options] = row.entry
  return [
    `## ${row.name}`,
    '',
    '```ts fragment',
    `${preset}(${print(options)})`,
    '```',
    '',
    `Header \`${JSON.stringify(row.header)}\``,
    '',
    `Claims \`${JSON.stringify(row.claims)}\``,
    '',
  ]
}

/** GitHub's anchor of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')
}

/** Options as source text. */
function print(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([name, member]) => `  ${name}: ${print(member)},`)
  return `{\n${members.join('\n')}\n}`
}
