import { isRefusal, type Refusal, whenKnown } from '@countersign/core'

/** Answers what the next step works on, or the refusal that ends the work. */
export type Step<Before, After> = (work: Before) => After | Refusal | Promise<After | Refusal>

type Steps<P, A, B, C, D, E, F> = readonly [Step<P, A>, Step<A, B>, Step<B, C>, Step<C, D>, Step<D, E>, Step<E, F>]

/** Takes six steps one after the other: at once where none of them waits, and none after the first refusal. */
export function inOrder<P, A, B, C, D, E, F>(...steps: Steps<P, A, B, C, D, E, F>): Step<P, F> {
  const all = steps as readonly Step<unknown, unknown>[]
  const takeFrom = (work: unknown, index: number): unknown => {
    const step = all[index]
    if (step === undefined || isRefusal(work)) return work
    return whenKnown(step(work), (next) => takeFrom(next, index + 1))
  }
  return (work) => takeFrom(work, 0) as ReturnType<Step<P, F>>
}
