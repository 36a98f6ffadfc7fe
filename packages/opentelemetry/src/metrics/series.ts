/** Values of labels, in the order in which the metric names them. */
export type LabelValues = readonly string[]

/** One number of a metric, with the values of its labels. */
export interface Sample {
  readonly values: LabelValues
  readonly value: number
}

/** Numbers of one metric, by the values of its labels. */
export interface Series {
  add(values: LabelValues, amount: number): void
  set(values: LabelValues, value: number): void
  /** Forgets the number of these values, for instance of an issuer that was removed. */
  remove(values: LabelValues): void
  samples(): readonly Sample[]
}

/**
 * Most series of a metric. The OpenTelemetry SDK keeps 2,000. Labels have only names of the host's own and closed lists, so a stranger cannot
 * make one; a host with thousands of entries in `issuers` could.
 */
const maxSeries = 1_000

/** What each label has once the metric has too many series. */
const overflow = 'other'

/** Keeps the numbers of one metric: at most 1,000 series, and one more for all others together. */
export function createSeries(): Series {
  const numbers = new Map<string, { readonly values: LabelValues; value: number }>()

  function numberOf(values: LabelValues): { value: number } {
    const key = values.join('\n')
    const known = numbers.get(key)
    if (known !== undefined) return known
    // The series of the others is beyond the bound: it must always have a place.
    const isFull = numbers.size >= maxSeries && !values.every((value) => value === overflow)
    if (isFull) return numberOf(values.map(() => overflow))
    const added = { values, value: 0 }
    numbers.set(key, added)
    return added
  }

  return {
    add(values, amount) {
      numberOf(values).value += amount
    },
    set(values, value) {
      numberOf(values).value = value
    },
    remove(values) {
      numbers.delete(values.join('\n'))
    },
    samples: () => [...numbers.values()],
  }
}
