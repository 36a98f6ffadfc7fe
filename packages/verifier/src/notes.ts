/** One value for each of many objects: as long as the object is there, and for nobody else to see. */
export interface Notes<V> {
  get(about: object): V | undefined
  set(about: object, value: V): void
}

/** Constructs what it is given: the private field of a subclass is then put there. */
const Itself = function Itself(about: object): object {
  return about
} as unknown as new (
  about: object,
) => object

/**
 * What a WeakMap does, at a tenth of its cost to a request: a private field is no property, so that a copy, a proxy or an
 * heir of the object does not have it, and each call of this function makes another field. Objects that take no more
 * members may refuse it; those are in a WeakMap.
 */
export function createNotes<V>(): Notes<V> {
  const closed = new WeakMap<object, V>()

  class Note extends Itself {
    #value: V

    constructor(about: object, value: V) {
      super(about)
      this.#value = value
    }

    static has(about: object): about is Note {
      return #value in about
    }

    static read(about: Note): V {
      return about.#value
    }

    static write(about: Note, value: V): void {
      about.#value = value
    }
  }

  return {
    get: (about) => (Note.has(about) ? Note.read(about) : closed.get(about)),
    set(about, value) {
      if (Note.has(about)) Note.write(about, value)
      else if (Object.isExtensible(about)) new Note(about, value)
      else closed.set(about, value)
    },
  }
}
