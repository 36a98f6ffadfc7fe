import { readFileSync, writeFileSync } from 'node:fs'
import { clearTimeout, setTimeout } from 'node:timers'

/**
 * How many changes the file is known to have had, written into a small file beside it. A backup that is copied over the file has fewer: without
 * this, what was claimed after the backup could be claimed again.
 */
export interface Mark {
  /** 0 where nothing is known. */
  read(path: string): number
  /** Written within a second, and at the close. */
  note(path: string, changes: number): void
  close(): void
}

const writeAfterMs = 1_000

/** The small file of a database. */
const markOf = (path: string): string => `${path}-changes`

/** @param onRefused - called when the mark cannot be written, with why */
export function createMark(onRefused: (cause: unknown) => void): Mark {
  const state: { timer: NodeJS.Timeout | undefined; noted: { readonly path: string; readonly changes: number } | undefined } = {
    timer: undefined,
    noted: undefined,
  }

  function read(path: string): number {
    try {
      const changes = Number.parseInt(readFileSync(markOf(path), 'utf8'), 10)
      return Number.isSafeInteger(changes) && changes > 0 ? changes : 0
    } catch {
      // whether it can be written is told when it is
      return 0
    }
  }

  function write(): void {
    clearTimeout(state.timer)
    state.timer = undefined
    const { noted } = state
    state.noted = undefined
    if (noted === undefined || read(noted.path) >= noted.changes) return
    try {
      writeFileSync(markOf(noted.path), `${noted.changes}\n`)
    } catch (cause) {
      onRefused(cause)
    }
  }

  return {
    read,
    note(path, changes) {
      state.noted = { path, changes }
      state.timer ??= setTimeout(write, writeAfterMs).unref()
    },
    close: write,
  }
}
