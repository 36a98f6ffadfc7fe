import { createNewPackage } from '@countersign/new-package'
import { expect, it } from 'vitest'

it('is fresh from its beginning until its end', () => {
  const newPackage = createNewPackage({ lifetimeSeconds: 60, now: () => 1_000_000 })
  expect([1_001, 1_000, 941, 940].map((beganAt) => newPackage.isFresh(beganAt))).toEqual([false, true, true, false])
})

it('names the option that is missing', () => {
  expect(() => createNewPackage({} as { lifetimeSeconds: number })).toThrow(
    'createNewPackage: lifetimeSeconds must be a number of seconds, more than 0, got undefined',
  )
})
