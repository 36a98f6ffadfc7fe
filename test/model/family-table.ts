/** A family of refresh tokens in a store, with times in ticks. */
export interface Family {
  readonly generation: number
  /** Ticks since the newest token was made out of the one before, 2 for more; undefined before the first rotation. */
  readonly rotatedAgo: number | undefined
  readonly revoked: 'operator' | 'reused' | undefined
  /** Ticks until it expires. */
  readonly remaining: number
}

/** A token that is presented. */
export interface Presented {
  readonly generation: number
  /** Whether by the client that it was made for. */
  readonly bound: boolean
}

/** How the grant is set up. */
export interface FamilyOptions {
  readonly heal: boolean
  /** The rows, where they are not the specification's. */
  readonly table?: readonly FamilyRow[]
  /** Whether a rotation begins the time to live anew. */
  readonly renew: boolean
}

/** One and a half ticks: a retry is answered in the tick of the rotation and in the next. */
export const windowTicks = 1.5
/** Three and a half ticks: a family is gone when the fourth tick has passed. */
export const lifeTicks = 3.5
/** `remaining` of a family that begins. */
export const fullLife: number = Math.ceil(lifeTicks)

/** What a presentation comes to. The first row that applies counts. */
export interface FamilyRow {
  readonly when: string
  readonly answer: string
  readonly effect: string
  applies(family: Family | undefined, presented: Presented, options: FamilyOptions): boolean
  next(family: Family, presented: Presented, options: FamilyOptions): Family
}

const same = (family: Family): Family => family

function rotated(family: Family, { generation }: Presented, { renew }: FamilyOptions): Family {
  return { ...family, generation: generation + 1, rotatedAgo: 0, remaining: renew ? fullLife : family.remaining }
}

/** The specification of `RefreshFamilyStore.rotate`. */
export const familyTable: readonly FamilyRow[] = [
  {
    when: 'the family expired, was lost or never there',
    answer: 'gone',
    effect: '',
    applies: (family) => family === undefined,
    next: same,
  },
  { when: 'the family ended', answer: 'revoked', effect: 'stays ended', applies: (family) => family?.revoked !== undefined, next: same },
  { when: 'by another client or binding', answer: 'mismatch', effect: 'unchanged', applies: (_, { bound }) => !bound, next: same },
  {
    when: 'beyond the newest, `heal` off',
    answer: 'ahead',
    effect: 'unchanged',
    applies: (family, { generation }, { heal }) => family !== undefined && generation > family.generation && !heal,
    next: same,
  },
  {
    when: 'the newest, or beyond it with `heal`',
    answer: 'rotated',
    effect: 'one generation further than the presented; the retry window begins',
    applies: (family, { generation }) => family !== undefined && generation >= family.generation,
    next: rotated,
  },
  {
    when: 'the newest but one, within the retry window',
    answer: 'retry',
    effect: 'unchanged: the same child again, the window is not extended',
    applies: (family, { generation }) =>
      family?.rotatedAgo !== undefined && generation === family.generation - 1 && family.rotatedAgo < windowTicks,
    next: same,
  },
  { when: 'anything older', answer: 'reused', effect: 'ended', applies: () => true, next: (family) => ({ ...family, revoked: 'reused' }) },
]

/** Presents a token by the table. */
export function present(
  family: Family | undefined,
  presented: Presented,
  options: FamilyOptions,
): { readonly row: FamilyRow; readonly family: Family | undefined } {
  const row = (options.table ?? familyTable).find((candidate) => candidate.applies(family, presented, options))
  if (row === undefined) throw new Error('the table has no row for this')
  return { row, family: family && row.next(family, presented, options) }
}

/** Whether the holder of such a token gets one in return. */
export function isGranted(answer: string): boolean {
  return answer === 'rotated' || answer === 'retry'
}

/** A tick later. */
export function aged(family: Family | undefined): Family | undefined {
  if (family === undefined || family.remaining <= 1) return undefined
  const rotatedAgo = family.rotatedAgo === undefined ? undefined : Math.min(2, family.rotatedAgo + 1)
  return { ...family, rotatedAgo, remaining: family.remaining - 1 }
}
