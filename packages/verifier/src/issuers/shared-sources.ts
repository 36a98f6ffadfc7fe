import type { KeySource } from '@countersign/core'
import type { RefreshOptions, RemoteOptions, SourceContext } from '@countersign/jwt/jwks'
import type { IssuerSource } from './issuer-entry.js'

/** What must be equal for two entries to share the keys that one fetch brings. */
export function remotePlace(
  url: URL,
  { allowInsecure = false, fetch }: RemoteOptions,
  times: Required<RefreshOptions>,
): readonly unknown[] {
  return [url.href, allowInsecure, fetch, ...Object.values(times)]
}

/** The open key sources of one guard. Entries whose keys stand at one place, with equal options, share one source. */
export interface SharedSources {
  /** The source ends when everybody who opened it has closed it. */
  open(source: IssuerSource, context: SourceContext): KeySource
}

interface Holder {
  readonly via: string
}

interface Held {
  readonly keys: KeySource
  readonly holders: Set<Holder>
}

/** The same text for the same place: objects and functions are compared by identity, everything else by value. */
function createPlaceNames(): (place: readonly unknown[]) => string {
  const ids = new WeakMap<object, number>()
  const next = { id: 0 }
  function idOf(part: object): number {
    const id = ids.get(part) ?? next.id++
    ids.set(part, id)
    return id
  }
  return (place) =>
    JSON.stringify(place.map((part) => (part instanceof Object ? { id: idOf(part) } : part === undefined ? [] : [typeof part, part])))
}

/** A source that somebody holds. Closing it twice counts once: an entry has one for all of its issuers. */
function held(keys: KeySource, leave: () => void): KeySource {
  const state = { isOpen: true }
  return {
    find: keys.find.bind(keys),
    isCurrent: keys.isCurrent.bind(keys),
    ...(keys.doubt && { doubt: keys.doubt.bind(keys) }),
    ...(keys.known && { known: keys.known.bind(keys) }),
    ready: keys.ready.bind(keys),
    close() {
      if (!state.isOpen) return
      state.isOpen = false
      leave()
    },
  }
}

/** For one guard: its clock and its `fetch` are part of every place. */
export function createSharedSources(): SharedSources {
  const open = new Map<string, Held>()
  const nameOf = createPlaceNames()

  function hold(source: IssuerSource, context: SourceContext, holder: Holder): Held {
    const holders = new Set([holder])
    // Events carry the name of an entry that still has the source.
    const shared: SourceContext = Object.defineProperty({ ...context }, 'via', {
      get: () => holders.values().next().value?.via ?? holder.via,
    })
    return { keys: source.open(shared), holders }
  }

  return {
    open(source, context) {
      if (source.place === undefined) return source.open(context)
      const name = nameOf(source.place)
      const holder = { via: context.via }
      const shared = open.get(name) ?? hold(source, context, holder)
      shared.holders.add(holder)
      open.set(name, shared)
      return held(shared.keys, () => {
        shared.holders.delete(holder)
        if (shared.holders.size > 0) return
        if (open.get(name) === shared) open.delete(name)
        shared.keys.close()
      })
    },
  }
}
