/** What a use is told of the program beside the value that it uses. */
export interface Ran {
  readonly source: string
  readonly isListening: boolean
  /** Where it listens, if it does. */
  readonly url: string
  readonly module: Readonly<Record<string, unknown>>
  readonly printed: readonly string[]
  /** The working directory of the page's blocks. */
  readonly folder: string
}

/** Does with an export what its page says that it is for, and expects what the page says. */
type Use = (value: never, ran: Ran) => Promise<void>

/** By the name of the export; `listening` is a program that listens. */
export type Uses = Readonly<Record<string, Use>>
