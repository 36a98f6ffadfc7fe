import { randomUUID } from 'node:crypto'
import {
  busiest,
  clientIdOf,
  documentOf,
  entityOf,
  familyBinding,
  familyData,
  familyLifeMs,
  familyOf,
  flatCollection,
  issuer,
  ownerOf,
  type Shape,
} from './dataset.js'
import { type Parts, userOf } from './parts.js'

/** One line of the result. */
export interface Operation {
  readonly name: string
  /** Whether it reads one page of a list, which has a bar of its own. */
  readonly isPage?: boolean
  /** How often it is measured; less at small sizes. */
  readonly times: number
  /** @param turn - 0, 1, 2 … */
  run(turn: number): Promise<void>
}

type OperationsOf = (parts: Parts, shape: Shape) => readonly Operation[]

/** Spread over all of them, each once as long as there are enough. */
const spread = (turn: number, of: number): number => (turn * 7_919) % of

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`scale: ${what}`)
}

const families: OperationsOf = ({ stores: { families: store } }, { families: count }) => {
  const rotation = { binding: familyBinding, retryWindowMs: 0, ttlMs: familyLifeMs }
  return [
    {
      name: 'families.create',
      times: 1_000,
      run: () => store.create({ family: randomUUID(), binding: familyBinding, data: familyData, ttlMs: familyLifeMs }),
    },
    {
      name: 'families.rotate',
      times: 1_000,
      async run(turn) {
        const generation = Math.floor(turn / count)
        const { outcome } = await store.rotate({ ...rotation, family: familyOf(spread(turn, count)), generation })
        must(outcome === 'rotated', `rotate answered ${outcome}`)
      },
    },
    {
      name: 'families.find',
      times: 1_000,
      run: async (turn) => must((await store.find(familyOf(spread(turn, count)))) !== undefined, 'a family is missing'),
    },
    {
      name: 'families.revoke',
      times: 500,
      run: async (turn) => must(turn >= count || (await store.revoke(familyOf(spread(turn, count)), 'bench')), 'a family was revoked'),
    },
  ]
}

const revocations: OperationsOf = ({ stores: { revocations: store } }, { revocations: count }) => {
  const state: { middle?: string; newest?: string } = {}
  const part = async (epoch: string | undefined, least: number): Promise<string> => {
    const delta = await store.since(epoch, { limit: 1_000 })
    must(!delta.lost && delta.records.length >= least, `since() answered ${delta.records.length} records`)
    return delta.cursor
  }
  /** Parts are read from the beginning until half of all are read. */
  async function middle(): Promise<string> {
    for (let read = 0, epoch: string | undefined; state.middle === undefined; read += 1_000) {
      epoch = await part(epoch, 0)
      if (read >= count / 2) state.middle = epoch
    }
    return state.middle
  }
  return [
    {
      name: 'revocations.revoke',
      times: 1_000,
      async run() {
        const entry = { type: 'jti', issuer, jti: randomUUID(), expiresAt: Math.floor(Date.now() / 1000) + 900 } as const
        await store.revoke(entry, { ttlMs: 900_000 })
      },
    },
    { name: 'revocations.since, first part of 1,000', times: 100, run: async () => void (await part(undefined, Math.min(900, count / 2))) },
    { name: 'revocations.since, a part in the middle', times: 100, run: async () => void (await part(await middle(), 0)) },
    {
      name: 'revocations.since, nothing new',
      times: 500,
      async run() {
        state.newest ??= await store.cursor()
        await part(state.newest, 0)
      },
    },
  ]
}

const clients: OperationsOf = ({ clients: all }, { clients: count }) => {
  const page = async (after: string | undefined): Promise<void> =>
    must((await all.list({ ...(after !== undefined && { after }), limit: 100 })).length > 0, 'a page of clients is empty')
  return [
    {
      name: 'clients.find',
      times: 1_000,
      run: async (turn) => must((await all.find(clientIdOf(spread(turn, count)))) !== undefined, 'a client is missing'),
    },
    { name: 'clients.list, first 100', times: 100, isPage: true, run: () => page(undefined) },
    { name: 'clients.list, 100 in the middle', times: 100, isPage: true, run: () => page(clientIdOf(Math.floor(count / 2))) },
  ]
}

const documents: OperationsOf = ({ stores: { accounts } }, { documents: count }) => {
  const collection = flatCollection
  const page = async (query: { readonly after?: string; readonly offset?: number }, first: number): Promise<void> => {
    const [document] = await accounts.list({ collection, limit: 10, ...query })
    must(document?.id === documentOf(first), 'a page begins elsewhere')
  }
  const [middle, last] = [Math.floor(count / 2), count - 10]
  return [
    { name: 'documents.list, first page', times: 200, isPage: true, run: () => page({}, 0) },
    { name: 'documents.list, after the middle', times: 200, isPage: true, run: () => page({ after: documentOf(middle) }, middle + 1) },
    { name: 'documents.list, after all but ten', times: 200, isPage: true, run: () => page({ after: documentOf(last - 1) }, last) },
    { name: 'documents.list, page in the middle by number', times: 50, isPage: true, run: () => page({ offset: middle }, middle) },
    { name: 'documents.list, last page by number', times: 50, isPage: true, run: () => page({ offset: last }, last) },
    {
      name: 'documents.list, page of a group by number',
      times: 50,
      isPage: true,
      async run() {
        const found = await accounts.list({ collection, filter: { group: 'group 1' }, offset: Math.floor(count / 8), limit: 10 })
        must(found.length === 10, 'a page of a group is short')
      },
    },
    {
      name: 'documents.count, 4 groups',
      times: 50,
      run: async () => must((await accounts.count({ collection })).total === count, 'count differs'),
    },
  ]
}

const enrollments: OperationsOf = ({ integrations }, { popular, others }) => {
  const who = userOf('bench')
  const page = async (query: { readonly clientId?: string; readonly entity?: string; readonly pageNumber?: number }): Promise<void> => {
    const answer = await integrations.enrollments(who, query)
    must(answer.ok && answer.enrollments.length > 0, 'a page of enrollments is empty')
  }
  const clientId = clientIdOf(0)
  const pagesOf = (count: number): number => Math.ceil(count / 10)
  return [
    { name: 'enrollments of an integration, first page', times: 100, isPage: true, run: () => page({ clientId }) },
    {
      name: 'enrollments of an integration, last page',
      times: 50,
      isPage: true,
      run: () => page({ clientId, pageNumber: pagesOf(popular.enrollments) }),
    },
    {
      name: 'enrollments of an entity, first page',
      times: 200,
      isPage: true,
      run: (turn) => page({ entity: entityOf(spread(turn, popular.enrollments)) }),
    },
    { name: 'enrollments of the busiest entity, first page', times: 100, isPage: true, run: () => page({ entity: busiest }) },
    {
      name: 'enrollments of the busiest entity, last page',
      times: 50,
      isPage: true,
      run: () => page({ entity: busiest, pageNumber: pagesOf(others) }),
    },
    {
      name: 'integrations.list, 20 of one owner',
      times: 100,
      isPage: true,
      async run() {
        const list = await integrations.list(who, ownerOf(40))
        must(list.ok && list.integrations.length === 20, 'the list of an owner is short')
      },
    },
    {
      name: 'enroll and unenroll',
      times: 100,
      async run(turn) {
        const which = { entity: `E-new-${turn}`, clientId }
        must((await integrations.enroll(who, which)).ok && (await integrations.unenroll(who, which)).ok, 'not enrolled')
      },
    },
  ]
}

/** What changes so much that it comes last. */
const endings: OperationsOf = ({ integrations, sweep }, { popular, removed, ended }) => [
  {
    name: `integrations.remove, ${removed.enrollments} enrollments`,
    times: removed.integrations,
    run: async (turn) => must((await integrations.remove(userOf('bench'), clientIdOf(popular.integrations + turn))).ok, 'not removed'),
  },
  ...(sweep === undefined
    ? []
    : [
        {
          name: `sweep, ${ended} families and ${ended} revocations have ended`,
          times: 1,
          run: async () => must((await sweep()).families >= ended, 'ended families stay'),
        },
        { name: 'sweep, nothing has ended', times: 20, run: async () => void (await sweep()) },
      ]),
]

/** All operations in the order in which they are measured. */
export const operationsOf: OperationsOf = (parts, shape) =>
  [families, clients, documents, enrollments, endings, revocations].flatMap((part) => part(parts, shape))
