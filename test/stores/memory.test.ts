import { storeConformance } from '@countersign/testkit'
import { describe, it } from 'vitest'
import { memoryBackend } from './memory-backend.js'

describe.each(storeConformance(memoryBackend))('stores in memory: $name', ({ cases }) => {
  it.each(cases)('$name', ({ run }) => run())
})
