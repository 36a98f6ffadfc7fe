/** What can be revoked: the rows. */
export const revoked = [
  'subject',
  'client',
  'secret',
  'credential',
  'integration',
  'entity',
  'client key',
  'own key',
  'jti',
  'family',
] as const
/** What lives on a grant: the columns. */
export const living = [
  'access token',
  'cached token',
  'refresh family',
  'challenge',
  'nonce',
  'pending assertion',
  'exchanged token',
] as const

export type Revoked = (typeof revoked)[number]
export type Living = (typeof living)[number]

/** As a cell of docs/revocation.md says it. A letter names the reason below the table. */
export type Cell = 'ends at once' | 'ends within 2 s' | `lives on (${string})`

const once = 'ends at once'
const soon = 'ends within 2 s'

function row(cells: readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell]): Readonly<Record<Living, Cell>> {
  return Object.fromEntries(living.map((name, at) => [name, cells[at]])) as Record<Living, Cell>
}

/** What is promised, cell by cell: in the order of `living`. */
export const matrix: Readonly<Record<Revoked, Readonly<Record<Living, Cell>>>> = {
  subject: row([soon, soon, once, once, once, once, soon]),
  client: row([soon, soon, once, once, soon, once, soon]),
  secret: row([soon, soon, once, 'lives on (a)', soon, 'lives on (b)', soon]),
  credential: row([soon, soon, once, 'lives on (a)', soon, 'lives on (b)', soon]),
  integration: row([soon, soon, once, once, soon, once, soon]),
  entity: row([once, once, 'lives on (c)', 'lives on (c)', 'lives on (c)', 'lives on (c)', once]),
  'client key': row([soon, soon, once, 'lives on (a)', 'lives on (d)', once, soon]),
  'own key': row([soon, soon, 'lives on (e)', 'lives on (e)', 'lives on (e)', 'lives on (b)', soon]),
  jti: row([soon, soon, 'lives on (f)', 'lives on (f)', soon, soon, soon]),
  family: row([soon, soon, once, 'lives on (g)', 'lives on (g)', 'lives on (g)', soon]),
}
