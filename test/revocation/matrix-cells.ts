import type { DocumentedServer } from './documented-servers.js'
import type { Living, Revoked } from './matrix-table.js'
import { basic, bearer, bearerGrant, createWorld, exchangeGrant, good, issuer, type World } from './matrix-world.js'

/** Status of the request that shows whether something still lives. */
type Probe = (server: DocumentedServer) => Promise<number>

/** What a cell is about, as it was obtained. */
interface Obtained {
  readonly probe: Probe
  /** A token, a family or a nonce that can be revoked by its name. */
  readonly accessToken: string
  readonly refreshToken: string
  readonly named?: { readonly iss: unknown; readonly jti: unknown; readonly exp: unknown }
}

/** A JWT by its id, as a denylist names it. */
function namedBy(token: string): NonNullable<Obtained['named']> {
  const { iss, jti, exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  return { iss, jti, exp }
}

/** An integration acts for itself, everybody else for a person. */
async function signedIn(server: DocumentedServer, world: World): Promise<{ accessToken: string; refreshToken: string }> {
  const form: Record<string, string> =
    world.row === 'entity' ? { grant_type: 'client_credentials' } : { grant_type: 'password', username: world.person, password: 'right' }
  const body = good(await world.token(server, form, world.used))
  return { accessToken: String(body.access_token), refreshToken: String(body.refresh_token) }
}

const pathOf = ({ row }: World): string => (row === 'entity' ? '/departments/d1/jobs' : '/jobs')

const useOf =
  (world: World, token: string): Probe =>
  async (server) =>
    (await server.send('GET', pathOf(world), { headers: bearer(token) })).status

type Obtain = (
  server: DocumentedServer,
  world: World,
  begun: Omit<Obtained, 'probe'>,
  seenBy: readonly DocumentedServer[],
) => Promise<Partial<Obtained> & { readonly probe: Probe }>

const columns: Readonly<Record<Living, Obtain>> = {
  'access token': async (_server, world, { accessToken }) => ({ probe: useOf(world, accessToken) }),
  async 'cached token'(_server, world, { accessToken }, seenBy) {
    const probe = useOf(world, accessToken)
    for (const server of [...seenBy, ...seenBy]) if ((await probe(server)) !== 200) throw new Error('the token is no good')
    return { probe }
  },
  'refresh family': async (_server, world, { refreshToken }) => ({
    probe: async (server) => (await world.token(server, { grant_type: 'refresh_token', refresh_token: refreshToken }, world.other)).status,
  }),
  async challenge(server, world) {
    const username = `code-${world.person}`
    const { status, body } = await world.token(server, { grant_type: 'password', username, password: 'right' }, world.used)
    const { mfa_token: challenge } = body
    if (typeof challenge !== 'string') throw new Error(`${status} ${JSON.stringify(body)}`)
    const form = { grant_type: 'urn:countersign:grant-type:mfa', mfa_token: challenge, code: '000000' }
    return { probe: async (at) => (await world.token(at, form, world.other)).status }
  },
  async nonce(server, world) {
    const headers = basic(world.clientId, world.secret)
    const { token } = good(await server.send('POST', `/v1/nonce?sub=${world.person}`, { headers }))
    return {
      named: namedBy(String(token)),
      probe: async (at) => (await at.send('POST', '/form', { headers: { nonce: String(token) } })).status,
    }
  },
  async 'pending assertion'(_server, world) {
    const assertion = await world.jwt({ sub: world.person })
    const form = { grant_type: bearerGrant, assertion }
    return { named: namedBy(assertion), probe: async (at) => (await world.token(at, form, async () => ({}))).status }
  },
  async 'exchanged token'(server, world, { accessToken }) {
    const partner = await server.call<{ client: { id: string }; secret: { secret: string } }>('registerPartner')
    const form = {
      grant_type: exchangeGrant,
      subject_token: accessToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    }
    // For an entity the integration's own: of another client no token is good for it.
    const proof = world.row === 'entity' ? world.used : async () => ({ headers: basic(partner.client.id, partner.secret.secret) })
    return { probe: useOf(world, String(good(await world.token(server, form, proof)).access_token)) }
  },
}

type End = (server: DocumentedServer, world: World, obtained: Obtained) => Promise<void>

async function deleted(server: DocumentedServer, path: string, headers: Record<string, string>): Promise<void> {
  const { status } = await server.send('DELETE', path, { headers })
  if (status !== 204) throw new Error(`DELETE ${path}: ${status}`)
}

const byPerson = async (server: DocumentedServer, path: string): Promise<void> => deleted(server, path, bearer(await server.call('person')))

const rows: Readonly<Record<Revoked, End>> = {
  async subject(server, { person }) {
    const notBefore = Math.ceil(Date.now() / 1000)
    for (const subject of [person, `code-${person}`]) await server.call('revoke', { type: 'subject', issuer, subject, notBefore })
  },
  client: (server, { clientId }) => server.call('lock', clientId),
  secret: (server, { clientId, secretId }) => server.call('revokeSecret', clientId, secretId),
  credential: (server, { clientId, secretId }) => byPerson(server, `/integrations/${clientId}/credentials/${secretId}`),
  integration: (server, { clientId }) => byPerson(server, `/integrations/${clientId}`),
  entity: (server, { clientId }) => byPerson(server, `/entities/d1/enrollments/${clientId}`),
  'client key': (server, { clientId, secret }) =>
    deleted(server, `/clients/${clientId}/keys/k1?reason=compromised`, basic(clientId, secret)),
  'own key': (server) => server.call('revokeOwnKey'),
  async jti(server, _world, { accessToken, named: { iss, jti, exp } = namedBy(accessToken) }) {
    await server.call('revoke', { type: 'jti', issuer: iss, jti, expiresAt: exp })
  },
  async family(server, { clientId, secret }, { refreshToken }) {
    const { status } = await server.send('POST', '/revoke', { headers: basic(clientId, secret), form: { token: refreshToken } })
    if (status !== 200) throw new Error(`${status}`)
  },
}

/** A process learns of a new signing key of another one a moment later: until then it would refuse everything. */
async function knowsKey(server: DocumentedServer, token: string, tries = 60): Promise<void> {
  const { status } = await server.send('GET', '/jobs', { headers: bearer(token) })
  if (status === 200) return
  if (tries === 0) throw new Error(`the key that signs is not known: ${status}`)
  await new Promise((resolve) => setTimeout(resolve, 50))
  await knowsKey(server, token, tries - 1)
}

/** What a cell is about, still alive, and what ends it. */
export interface Begun {
  readonly probe: Probe
  end(): Promise<void>
}

/** Obtains what a cell is about at one server; the others have seen it where it is to be in caches. */
export async function beginCell(row: Revoked, column: Living, servers: readonly [DocumentedServer, ...DocumentedServer[]]): Promise<Begun> {
  const [server] = servers
  const world = await createWorld(server, row)
  const begun = await signedIn(server, world)
  for (const other of servers.slice(1)) await knowsKey(other, (await signedIn(server, world)).accessToken)
  const obtained: Obtained = { ...begun, ...(await columns[column](server, world, begun, servers)) }
  return { probe: obtained.probe, end: () => rows[row](server, world, obtained) }
}
