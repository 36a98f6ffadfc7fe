/** One value for each of many objects, kept as long as the object is there. */
export interface Notes<V> {
  get(about: object): V | undefined
  set(about: object, value: V): void
}

interface Note<V> {
  /** The very object that it is about: copies, heirs and proxies show a note that is not theirs. */
  readonly about: object
  value: V
}

/**
 * What a WeakMap does, at a fraction of its cost to a request: the note is a hidden member of the object under a symbol
 * that each call of this function makes for itself. Objects that take no more members are in a WeakMap.
 */
export function createNotes<V>(): Notes<V> {
  const member: unique symbol = Symbol('countersign')
  const closed = new WeakMap<object, V>()

  function noteOf(about: object): Note<V> | undefined {
    const note = (about as { readonly [member]?: Note<V> })[member]
    return note?.about === about ? note : undefined
  }

  return {
    get(about) {
      const note = noteOf(about)
      return note === undefined ? closed.get(about) : note.value
    },
    set(about, value) {
      const note = noteOf(about)
      if (note !== undefined) note.value = value
      else if (!Reflect.defineProperty(about, member, { value: { about, value }, configurable: true })) closed.set(about, value)
    },
  }
}
