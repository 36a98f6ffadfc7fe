import { asUnavailable, createWriteCheck } from '@countersign/core'
import type { Database } from './connection/database.js'
import { memoryOf } from './statements/memory.js'

const tryText = 'update countersign_memory set epoch = epoch where tenant = ?'

/** Whether the file can be read, and with `mayWrite` written. Rejects with the cause. */
export function createCheck(database: Database, tenant: string): () => Promise<void> {
  const state: { fault: unknown } = { fault: undefined }
  return createWriteCheck(async (mayWrite) => {
    if (!mayWrite) {
      await database.read(() => undefined)
      if (state.fault !== undefined) throw state.fault as Error
      return
    }
    try {
      await database.write((tx) => {
        memoryOf(tx, tenant)
        tx.run(tryText, tenant)
      })
      state.fault = undefined
    } catch (cause) {
      state.fault = cause
      throw cause
    }
  })
}

/** The same for who asks a single store. */
export function asOutage(check: () => Promise<void>): () => Promise<void> {
  return () =>
    check().catch((cause: unknown) => {
      throw asUnavailable(cause)
    })
}
