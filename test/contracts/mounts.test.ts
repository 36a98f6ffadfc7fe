import { mountContract } from '@countersign/testkit'
import { describe, it } from 'vitest'
import { adapters } from './adapters.js'

describe.each(adapters)('$name', (adapter) => {
  it.each(mountContract(adapter))('$name', ({ run }) => run())
})
