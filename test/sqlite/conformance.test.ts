import { storeConformance } from '@countersign/testkit'
import { afterAll, describe, it } from 'vitest'
import { drivers } from './drivers.js'
import { sqliteBackend } from './sqlite-backend.js'

describe.each(drivers)('stores on SQLite through $name', (driver) => {
  const backend = sqliteBackend(driver)
  afterAll(() => backend.close())
  describe.each(storeConformance(backend))('$name', ({ cases }) => {
    it.each(cases)('$name', ({ run }) => run())
  })
})
