/** What an option must be, and what the objects in it may hold. */
export interface OptionKind {
  /** Completes the sentence "… must be". */
  readonly must: string
  /** Judges the value itself, not what it holds. */
  readonly accepts: (value: unknown) => boolean
  readonly isRequired?: true
  /** The strings that are accepted. They are no secrets: a wrong one is shown. */
  readonly choices?: readonly string[]
  /** Wrong strings that are shown, because they cannot be secrets. */
  readonly shows?: RegExp
  /** Whether nothing of a value is shown, and of an object no unknown name: a host may have put the secret there. */
  readonly isSecret?: true
  /** The options in an object. Any other name is an error. */
  readonly members?: OptionNames
  /** Of the items of an array. */
  readonly items?: OptionKind
  /** Of the values of an object whose names the host chooses. */
  readonly values?: OptionKind
  /** The first that accepts a value tells what it may hold. */
  readonly alternatives?: readonly OptionKind[]
}

/** The kind of an option that must be there. Made by `kind.required`. */
export interface RequiredKind extends OptionKind {
  readonly isRequired: true
}

/** Options by their names. */
export type OptionNames = Readonly<Record<string, OptionKind>>

/**
 * The kinds of all options of `T`. The compiler refuses a shape in which one is missing, and one that lets an option be left out
 * that `T` demands.
 */
export type OptionShape<T> = {
  readonly [K in keyof T & string]: Partial<Pick<T, K>> extends Pick<T, K> ? OptionKind : RequiredKind
}

/** Bounds of a number. */
export interface NumberBounds {
  /** @defaultValue 0 */
  readonly least?: number
  readonly most?: number
  /** Whether `least` itself is refused. */
  readonly isAbove?: true
  readonly isInteger?: true
  /** For the message, for instance `seconds`. */
  readonly unit?: string
}

/** The kinds that options are made of. */
export interface OptionKinds {
  /** Marks an option that must be there. */
  required(kind: OptionKind): RequiredKind
  /** A string that is not empty. */
  readonly string: OptionKind
  readonly flag: OptionKind
  readonly func: OptionKind
  /** A finite number within bounds. */
  number(bounds?: NumberBounds): OptionKind
  /** Seconds, 0 or more. */
  readonly seconds: OptionKind
  /** Seconds, more than 0. */
  readonly positiveSeconds: OptionKind
  /** An integer, 1 or more. */
  readonly count: OptionKind
  /** One of several strings. A wrong one is shown. */
  oneOf(...choices: readonly string[]): OptionKind
  /** `null`, `true` or `false` itself. */
  exactly(constant: null | boolean): OptionKind
  /** The first kind that accepts a value tells what it may hold. */
  either(...alternatives: readonly OptionKind[]): OptionKind
  /** @param least - how many items there must be @defaultValue 1 */
  listOf(items: OptionKind, least?: 0 | 1): OptionKind
  /** One string, or several. */
  readonly strings: OptionKind
  /** An object whose names the host chooses. */
  recordOf(values: OptionKind): OptionKind
  /** An object of the host's, in which every name is free. */
  readonly record: OptionKind
  /** An object of options. */
  members<T extends object>(shape: OptionShape<T>, must?: string): OptionKind
  /** The same for an option that may be left out. */
  optional(kind: OptionKind): OptionKind
  /** The options of a part, as its shape has them, without those that a factory gives itself. None of the others is required. */
  partial(shape: OptionNames, ...given: readonly string[]): OptionKind
  /** An object with methods: the host's own, or made by another factory. Its further names are free. */
  having(must: string, ...methods: readonly string[]): OptionKind
  /** What only the factory itself can judge. */
  satisfying(must: string, accepts: (value: unknown) => boolean): OptionKind
  /** Secrets that rotate, or a function that returns them. Their values are in no message. */
  readonly secrets: OptionKind
}
