import { readFileSync, writeFileSync } from 'node:fs'

/** `node test/golden/record.js --record` sets it: then what this code does is written down, and is not compared. */
export const isRecording = process.env.COUNTERSIGN_GOLDEN === 'record'

const fileOf = (name: string): URL => new URL(`./recorded/${name}.json`, import.meta.url)

/** What was written down of an earlier release. */
export function recorded<T>(name: string): T {
  return JSON.parse(readFileSync(fileOf(name), 'utf8')) as T
}

/** Writes it down. */
export function record(name: string, value: unknown): void {
  writeFileSync(fileOf(name), `${JSON.stringify(value, undefined, 1)}\n`)
}
