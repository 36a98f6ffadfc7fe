import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importsOf, packages, read, resolveImport, sources } from './workspace.js'

/** Packages that are small enough to be one room. */
const oneRoom: readonly string[] = ['packages/cognito/src', 'packages/core/src', 'packages/jwt/src', 'packages/nonce/src']

test('a folder of sources holds at most 12 files', () => {
  const folders = packages.map(({ folder }) => `${folder}/src`)
  const counts = new Map<string, number>()
  for (const file of sources) {
    const folder = posix.dirname(file)
    if (folders.some((source) => folder.startsWith(source))) counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  const full = [...counts].filter(([folder, count]) => count > 12 && !oneRoom.includes(folder))
  expect(full).toEqual([])
})

/**
 * Which room imports which, by package. A room is a folder of `src`; `.` are the files of `src` itself. An index imports from every room,
 * and no file imports an index. What is not here is not allowed, and what is here and not needed any more has to go.
 */
const rooms: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  // From the lowest to the highest.
  grants: {
    '.': [],
    certificates: [],
    'clients/record': ['certificates'],
    limits: ['.', 'clients/record'],
    assertions: ['.', 'clients/record'],
    authentication: ['.', 'assertions', 'certificates', 'clients/record'],
    clients: ['.', 'authentication', 'clients/record'],
    grants: ['.', 'assertions', 'clients/record'],
    issuing: ['.', 'assertions', 'clients', 'clients/record', 'grants'],
    refresh: ['.', 'assertions', 'clients/record', 'grants', 'issuing'],
    endpoint: ['.', 'assertions', 'authentication', 'clients', 'clients/record', 'grants', 'issuing', 'limits'],
    'token-endpoint': ['.', 'assertions', 'authentication', 'endpoint', 'grants', 'issuing', 'limits', 'refresh'],
    'token-status': ['.', 'assertions', 'authentication', 'clients/record', 'endpoint', 'issuing', 'limits', 'refresh'],
    'password/guesses': ['.', 'limits'],
    'password/codes': ['.', 'grants', 'password/guesses'],
    password: ['.', 'grants', 'password/codes', 'password/guesses'],
  },
  core: { options: [], '.': ['options'], memory: ['.'], copy: ['.', 'options'], compat: ['.', 'options'], shadow: ['.', 'options'] },
  express: { '.': [], compat: ['.'], mcp: ['.'], passport: ['.'] },
  koa: { '.': [], compat: ['.'] },
  console: {
    html: [],
    assets: [],
    screen: ['html'],
    security: ['html', 'screen'],
    pages: ['html', 'screen'],
    'pages/clients': ['html', 'pages', 'screen'],
    'pages/integrations': ['html', 'pages', 'screen'],
    'pages/keys': ['html', 'pages', 'screen'],
    'pages/watch': ['html', 'pages', 'screen'],
    '.': ['assets', 'html', 'pages/clients', 'pages/integrations', 'pages/keys', 'pages/watch', 'screen', 'security'],
  },
  cli: {
    command: ['develop', 'doctor', 'explain', 'init', 'manage', 'move'],
    config: ['command', 'doctor'],
    develop: ['command', 'manage'],
    doctor: ['command', 'config'],
    explain: ['command', 'config', 'explain/diagnoses'],
    'explain/diagnoses': ['explain'],
    init: ['command', 'manage'],
    manage: ['command', 'config', 'explain'],
    move: ['command', 'manage'],
    '.': ['command', 'config'],
  },
  integrations: { '.': ['accounts', 'enrollments'], accounts: ['.'], enrollments: ['.', 'accounts'], http: ['.'] },
  jwt: { '.': [], certificate: [], dpop: ['.'], jwks: ['.'] },
  keys: { 'api-keys': [], '.': ['clients', 'signing'], clients: ['.'], signing: ['.'] },
  opentelemetry: { metrics: [], log: [], '.': ['metrics'], prometheus: ['metrics'] },
  postgres: {
    connection: ['schema', 'statements'],
    schema: ['connection'],
    statements: ['connection'],
    sweep: ['connection', 'statements'],
    '.': ['connection', 'schema', 'statements', 'sweep'],
  },
  redis: {
    scripts: ['connection'],
    connection: ['scripts'],
    durability: ['connection', 'scripts'],
    subscription: ['connection'],
    collections: ['connection'],
    'node-redis': ['connection'],
    '.': ['collections', 'connection', 'durability', 'node-redis', 'scripts', 'subscription'],
  },
  sqlite: {
    driver: [],
    schema: ['driver'],
    connection: ['driver', 'schema'],
    statements: ['connection', 'driver', 'schema'],
    sweep: ['connection', 'driver', 'schema'],
    '.': ['connection', 'driver', 'schema', 'statements', 'sweep'],
  },
  testkit: {
    '.': [],
    tokens: [],
    malformed: ['tokens'],
    mounts: [],
    'fake-issuer': ['tokens'],
    'fake-introspection': ['fake-issuer'],
    'fake-cognito': ['fake-issuer', 'tokens'],
    attacks: ['fake-issuer', 'malformed', 'mounts', 'tokens'],
    'store-conformance': ['store-conformance/contracts', 'store-conformance/faults'],
    'store-conformance/changes': [],
    'store-conformance/contracts': ['store-conformance'],
    'store-conformance/faults': ['store-conformance', 'store-conformance/changes'],
  },
  verifier: {
    opaque: [],
    issuers: ['opaque'],
    token: ['issuers', 'opaque'],
    'dry-run': ['opaque', 'token'],
    'sender-constraint': ['token'],
    guard: ['dry-run', 'issuers', 'sender-constraint', 'token'],
    proxies: ['issuers'],
    introspection: ['issuers', 'opaque'],
    'api-keys': ['issuers', 'opaque'],
    'revocation/entries': [],
    'revocation/copy': ['revocation/entries'],
    revocation: ['revocation/copy', 'revocation/entries'],
  },
}

/** Rooms that import each other, and why. */
const cycles: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cli: {
    'command config develop doctor explain explain/diagnoses init manage move':
      'command holds what every command is given, and program.ts, which puts them together',
  },
  integrations: { '. accounts enrollments': 'the root holds what the rooms stand on, and integrations.ts, which puts them together' },
  keys: { '. clients signing': 'the root holds the ring that both rooms keep keys in, and registry.ts, which puts them together' },
  postgres: {
    'connection schema statements':
      'a connection checks the version of the schema and knows the error of a late call; statements and migrations run on a connection',
  },
  redis: { 'connection scripts': 'scripts are sent by a client, of which they know the type; a connection loads and runs scripts' },
  testkit: {
    'store-conformance store-conformance/contracts store-conformance/faults':
      'the suite puts the cases together, and cases are written with what the suite gives each of them',
  },
}

const nameOf = (folder: string): string => folder.replace('packages/', '')
const roomOf = (file: string, name: string): string => posix.relative(`packages/${name}/src`, posix.dirname(file)) || '.'
const isIndex = (file: string): boolean => posix.basename(file) === 'index.ts'

/** The files of the package that a file imports, types included. */
function importedBy(file: string): readonly string[] {
  return importsOf(read(file))
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => resolveImport(file, specifier))
}

/** Each room of a package, with the other rooms that its files import. */
function roomsOf(name: string): Readonly<Record<string, readonly string[]>> {
  const found = new Map<string, Set<string>>()
  for (const file of sources.filter((path) => path.startsWith(`packages/${name}/src/`) && !isIndex(path))) {
    const room = roomOf(file, name)
    const others = found.get(room) ?? new Set()
    found.set(room, others)
    for (const imported of importedBy(file)) if (roomOf(imported, name) !== room) others.add(roomOf(imported, name))
  }
  return Object.fromEntries([...found].map(([room, others]) => [room, [...others].sort()]))
}

/** Names that can be reached from themselves, each cycle once: its names in order, joined. */
function cyclesIn(graph: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const reachable = (from: string): ReadonlySet<string> => {
    const seen = new Set<string>()
    const next = [...(graph[from] ?? [])]
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      if (seen.has(at)) continue
      seen.add(at)
      next.push(...(graph[at] ?? []))
    }
    return seen
  }
  const all = new Map(Object.keys(graph).map((name) => [name, reachable(name)]))
  const withItself = [...all.keys()].filter((name) => all.get(name)?.has(name))
  const together = withItself.map((name) => withItself.filter((other) => all.get(name)?.has(other) && all.get(other)?.has(name)))
  return [...new Set(together.map((names) => names.sort().join(' ')))].sort()
}

const withRooms = packages.map(({ folder }) => nameOf(folder)).filter((name) => Object.keys(roomsOf(name)).length > 1)

describe.each(withRooms)('rooms of %s', (name) => {
  test('import what the table says', () => {
    expect(roomsOf(name)).toEqual(rooms[name])
  })

  test('import each other only where the table says why', () => {
    expect(cyclesIn(roomsOf(name))).toEqual(Object.keys(cycles[name] ?? {}).sort())
  })
})

test('the tables name packages that have rooms', () => {
  expect([...Object.keys(rooms), ...Object.keys(cycles)].filter((name) => !withRooms.includes(name))).toEqual([])
})

test('no file imports an index of its own package', () => {
  const found = sources.flatMap((file) => importedBy(file).map((imported) => ({ file, imported })))
  expect(found.filter(({ imported }) => isIndex(imported))).toEqual([])
})

test('no file can be reached from itself, by imports of types either', () => {
  expect(cyclesIn(Object.fromEntries(sources.map((file) => [file, importedBy(file)])))).toEqual([])
})

test('a cycle is found', () => {
  expect(cyclesIn({ a: ['b'], b: ['c'], c: ['a', 'd'], d: [], e: ['e'] })).toEqual(['a b c', 'e'])
})
