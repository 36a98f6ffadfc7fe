import { storeConformance } from '@countersign/testkit'
import { afterAll, describe, it } from 'vitest'
import { describeWith } from '../services.js'
import { postgresBackend } from './postgres-backend.js'

describeWith('postgres', 'stores on PostgreSQL', (url) => {
  const backend = postgresBackend(url)
  afterAll(() => backend.close())
  describe.each(storeConformance(backend))('$name', ({ cases }) => {
    it.each(cases)('$name', ({ run }) => run())
  })
})
