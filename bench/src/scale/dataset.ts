import { type Parts, userOf } from './parts.js'

/** How much of everything there is. */
export interface Shape {
  readonly families: number
  readonly revocations: number
  /** Documents of one collection. */
  readonly documents: number
  readonly clients: number
  /** Integrations with many enrollments, and how many each has. */
  readonly popular: { readonly integrations: number; readonly enrollments: number }
  /** Integrations that are removed, and how many enrollments each has. */
  readonly removed: { readonly integrations: number; readonly enrollments: number }
  /** Integrations that one entity enrolled: all others. */
  readonly others: number
  /** Rows that have ended when the sweep begins. */
  readonly ended: number
}

/** @param size - families, revocations, documents, and enrollments of popular integrations */
export function shapeOf(size: number): Shape {
  const clients = Math.ceil(size / 10)
  const [popular, removed] = [10, 3]
  return {
    families: size,
    revocations: size,
    documents: size,
    clients,
    popular: { integrations: popular, enrollments: Math.ceil(size / popular) },
    removed: { integrations: removed, enrollments: Math.min(5_000, Math.ceil(size / 2)) },
    others: Math.min(5_000, clients - popular - removed),
    ended: Math.ceil(size / 100),
  }
}

/** Integrations of one owner, as `list` shows them. */
const ofOneOwner: number = 20

/** The name of the number-th thing: UUIDs, for ids of clients must be some. */
export const clientIdOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
export const entityOf = (number: number): string => `E${String(number).padStart(9, '0')}`
export const ownerOf = (integration: number): string => `O${String(Math.floor(integration / ofOneOwner)).padStart(9, '0')}`
export const familyOf = (number: number): string => `family-of-a-usual-length-${String(number).padStart(9, '0')}`
export const endedFamilyOf = (number: number): string => `family-that-has-ended-${String(number).padStart(9, '0')}`
export const documentOf = (number: number): string => `document-${String(number).padStart(9, '0')}`
export const tokenOf = (number: number): string => `token-of-a-usual-length-${String(number).padStart(9, '0')}`

/** Whether a revocation has ended: one of a hundred. */
export const hasEnded = (token: number): boolean => token % 100 === 0

/** Who enrolled all `others`. */
export const busiest: string = 'E-busiest'
export const issuer: string = 'https://issuer.example'
export const flatCollection: string = 'documents'
export const familyBinding: string = 'client-of-a-family'
export const familyData: string = '{"v":1,"sub":"anna","scope":"read write","auth_time":1795980143,"amr":["pwd","otp"]}'
export const familyLifeMs: number = 30 * 86_400_000
export const revocationLifeMs: number = 3_600_000

/** A document as it is written in bulk. */
export interface BulkDocument {
  readonly kind: 'clients' | 'accounts'
  readonly collection: string
  readonly id: string
  readonly value: string
  readonly group?: string
}

/** Texts of documents that the packages themselves wrote, in which ids are replaced. */
export interface Templates {
  readonly client: (clientId: string) => string
  readonly integration: (integration: number) => string
  readonly owned: string
  readonly enrollment: string
  readonly pointer: { readonly value: string; readonly group: string }
}

/** Registers an integration and enrolls an entity, and reads what was written. */
export async function templatesBy({ stores, integrations }: Parts): Promise<Templates> {
  const [owner, entity] = ['O-template', 'E-template']
  const made = await integrations.create(userOf(owner), { entity: owner, title: 'An integration', type: 'fancy' })
  if (!made.ok) throw new Error('scale: the template was not created')
  const { clientId } = made
  await integrations.enroll(userOf(entity), { entity, clientId })
  const read = async (store: 'clients' | 'accounts', collection: string, id: string): Promise<string> => {
    const document = await stores[store].get({ collection, id })
    if (document === undefined) throw new Error(`scale: the packages keep nothing in ${collection}: this bench must follow them`)
    return document.value
  }
  const client = await read('clients', 'clients', clientId)
  const integration = await read('accounts', 'integrations', clientId)
  const { groups } = await stores.accounts.count({ collection: `enrolled_by:${entity}` })
  return {
    client: (id) => client.replaceAll(clientId, id),
    integration: (number) => integration.replaceAll(owner, ownerOf(number)),
    owned: await read('accounts', `integrations_of:${owner}`, clientId),
    enrollment: await read('accounts', `enrollments:${clientId}`, entity),
    pointer: { value: await read('accounts', `enrolled_by:${entity}`, clientId), group: groups[0]?.group ?? '' },
  }
}

/** Both documents of an enrollment. */
function* enrollment({ enrollment: value, pointer }: Templates, clientId: string, entity: string): Generator<BulkDocument> {
  yield { kind: 'accounts', collection: `enrollments:${clientId}`, id: entity, value }
  yield { kind: 'accounts', collection: `enrolled_by:${entity}`, id: clientId, ...pointer }
}

/** All documents, those of one collection together as far as that is possible. */
export function* documentsOf(shape: Shape, templates: Templates): Generator<BulkDocument> {
  const { documents, clients, popular, removed, others } = shape
  for (let n = 0; n < documents; n += 1)
    yield { kind: 'accounts', collection: flatCollection, id: documentOf(n), value: `{"v":1,"number":${n}}`, group: `group ${n % 4}` }
  for (let n = 0; n < clients; n += 1)
    yield { kind: 'clients', collection: 'clients', id: clientIdOf(n), value: templates.client(clientIdOf(n)) }
  const integrations = popular.integrations + removed.integrations + others
  for (let n = 0; n < integrations; n += 1)
    yield { kind: 'accounts', collection: 'integrations', id: clientIdOf(n), value: templates.integration(n) }
  for (let n = 0; n < integrations; n += 1)
    yield { kind: 'accounts', collection: `integrations_of:${ownerOf(n)}`, id: clientIdOf(n), value: templates.owned }
  for (let n = 0; n < popular.enrollments; n += 1)
    for (let which = 0; which < popular.integrations; which += 1) yield* enrollment(templates, clientIdOf(which), entityOf(n))
  for (let n = 0; n < removed.enrollments; n += 1)
    for (let which = 0; which < removed.integrations; which += 1)
      yield* enrollment(templates, clientIdOf(popular.integrations + which), entityOf(n))
  const first = popular.integrations + removed.integrations
  for (let n = 0; n < others; n += 1) yield* enrollment(templates, clientIdOf(first + n), busiest)
}

/** How many {@link documentsOf} gives. */
export function documentCount({ documents, clients, popular, removed, others }: Shape): number {
  const integrations = popular.integrations + removed.integrations + others
  const enrollments = popular.integrations * popular.enrollments + removed.integrations * removed.enrollments + others
  return documents + clients + 2 * integrations + 2 * enrollments
}
