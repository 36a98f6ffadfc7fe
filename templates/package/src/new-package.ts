import { checkOptions, kind, type Now, type OptionShape, wallClock } from '@countersign/core'

/** The options of {@link createNewPackage}. */
export interface NewPackageOptions {
  /** How long something counts as fresh, in seconds. */
  readonly lifetimeSeconds: number
  /** Gives the time in epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/** What {@link createNewPackage} returns. */
export interface NewPackage {
  /** Whether something that began at this time, in epoch seconds, is still fresh. Something that begins later is not. */
  isFresh(beganAt: number): boolean
}

const shape: OptionShape<NewPackageOptions> = { lifetimeSeconds: kind.required(kind.positiveSeconds), now: kind.func }

/**
 * One sentence: what it makes. Put your own code in place of this example.
 *
 * @throws TypeError for an option that is missing, unknown or wrong
 * @example
 * ```ts
 * import { createNewPackage } from '@countersign/new-package'
 *
 * const newPackage = createNewPackage({ lifetimeSeconds: 60 })
 * console.log(newPackage.isFresh(Date.now() / 1_000)) // → true
 * ```
 */
export function createNewPackage(options: NewPackageOptions): NewPackage {
  checkOptions('createNewPackage', options, shape)
  const { lifetimeSeconds, now = wallClock } = options
  return {
    isFresh: (beganAt) => {
      const age = now() / 1_000 - beganAt
      return age >= 0 && age < lifetimeSeconds
    },
  }
}
