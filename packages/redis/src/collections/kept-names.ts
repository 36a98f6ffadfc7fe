import type { RedisAccess } from '../connection/access.js'
import type { DocumentKind } from '../connection/store-keys.js'

/** Names of collections, in the order of their bytes, while they are gathered and after it. */
export interface KeptNames {
  begin(): void
  add(names: readonly string[]): Promise<void>
  /** All of them exist. */
  complete(): Promise<void>
  /** Up to so many names from one on; undefined where they are not complete. */
  from(first: string | undefined, limit: number): Promise<readonly string[] | undefined>
}

const isWellFormed = (text: string): boolean => (text as unknown as { isWellFormed(): boolean }).isWellFormed()
const memberOf = (name: string): string => (isWellFormed(name) ? `c${name}` : `z${JSON.stringify(name)}`)
const nameOf = (member: string): string => (member.startsWith('z') ? (JSON.parse(member.slice(1)) as string) : member.slice(1))

/** In a sorted set, for all processes. It ends a day after its first name. */
export function namesOnServer({ reads, keys }: RedisAccess, kind: DocumentKind): KeptNames {
  const key = keys.ofCollections(kind)
  const add = async (members: readonly string[]): Promise<void> => {
    await reads.read(() => reads.run('addCollections', key, ...members))
  }
  return {
    begin: () => undefined,
    add: (names) => add(names.map(memberOf)),
    complete: () => add(['!done']),
    from: (first, limit) =>
      reads.read(async () => {
        const answer = await reads.run('listCollections', key, `[${first === undefined ? 'c' : memberOf(first)}`, limit)
        return Array.isArray(answer) ? answer.map((member) => nameOf(String(member))) : undefined
      }),
  }
}

/** A process sorts no more of them. */
const mostHere = 100_000

/** In this process, for a server that takes no names. */
export function namesHere(): KeptNames {
  const state = { gathering: new Set<string>(), sorted: undefined as readonly Buffer[] | undefined }
  return {
    begin() {
      state.gathering = new Set()
    },
    async add(names) {
      for (const name of names) state.gathering.add(memberOf(name))
      if (state.gathering.size > mostHere)
        throw new Error(`a replica has more than ${mostHere} collections: scan where they can be written`)
    },
    async complete() {
      state.sorted = [...state.gathering].map((member) => Buffer.from(member)).sort(Buffer.compare)
      state.gathering = new Set()
    },
    async from(first, limit) {
      if (state.sorted === undefined) return undefined
      const least = Buffer.from(first === undefined ? '' : memberOf(first))
      const at = state.sorted.findIndex((member) => Buffer.compare(member, least) >= 0)
      return at === -1 ? [] : state.sorted.slice(at, at + limit).map((member) => nameOf(member.toString()))
    },
  }
}
