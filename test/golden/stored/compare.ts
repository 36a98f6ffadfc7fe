import { createDecipheriv, createHash } from 'node:crypto'
import type { Held } from './flow.js'

/** A record as it is compared: everything that may differ between two runs has a name, and instants are apart. */
export interface Compared {
  readonly text: string
  /** Milliseconds from when it was read. */
  readonly distances: readonly number[]
}

/** SHA-256 of parts with their lengths, made here again: it decides where records are and what opens them. */
function digestOf(...parts: readonly string[]): Buffer {
  return createHash('sha256')
    .update(parts.map((part) => `${part.length}:${part}`).join(''))
    .digest()
}

/** What opens the sealed records of a run: the tokens that clients hold, and the hash of the password. */
function keysOf({ used = '', open = '' }: Held): readonly Buffer[] {
  return [digestOf('challenge key', used), digestOf('challenge key', open), digestOf('open code key', 'right')]
}

function opened(sealed: string, key: Buffer): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(-16))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8')
  } catch {
    return undefined
  }
}

function unsealed(text: string, keys: readonly Buffer[]): string {
  return text.replace(/(?<![\w-])[\w-]{120,}(?![\w-])/g, (sealed) => {
    const found = keys.map((key) => opened(sealed, key)).find((plain) => plain !== undefined)
    return found === undefined ? '<sealed with another key>' : `<sealed ${found.replaceAll('"', "'")}>`
  })
}

/** A private key that the registry made, sealed. */
const privateKey = /v1\.kek1\.[\w-]{16}\.[\w-]+/g

/** What is drawn anew in every run, where it stands. */
const drawn: readonly (readonly [RegExp, string])[] = [
  // of a key that the registry made
  [/("|\\")(kid|x|y)\1:\1[\w-]{43}\1/g, '$1$2$1:$1<drawn>$1'],
  [/\\*['"](salt|hash)\\+['"]:\\+['"][\w-]+\\+['"]/g, '<$1>'],
  // ids of calls
  [/(?<=;)[\w-]{16}(?=[ ;"\\]|$)/g, '<call>'],
  [/(?<=\d:[su])[\w-]{16}/g, '<call>'],
  [/(?<=i<ms -?\d+> )[\w-]{16}/g, '<call>'],
  // what a rotation needs to be taken back, kept for a minute
  [/(;<call> rotated \d+)[^;"\\]*/g, '$1'],
  // written at once, in any order
  [/("table":"revocations".*?"epoch":")\d+/g, '$1<epoch>'],
  [/(<ms -?\d+>)-\d+(?=")/g, '$1-<count>'],
  [/("table":"claims".*"key":\{"hex":")[0-9a-f]{64}(?="\}.*"calls":"(?:taken|undone|reserved|cleared) )/g, '$1<call>'],
  [/(?<=\|)[\w-]{16}(?=")/g, '<call>'],
  [/("callId":")[\w-]{16}"/g, '$1<call>"'],
  // the server
  [/"run":"[0-9a-f]{40}"/g, '"run":"<run>"'],
  [/"promoted":"[0-9a-f]{40}:-?\d+"/g, '"promoted":"<promoted>"'],
  [/"home":\d+,"system":"\d+","timeline":"[0-9A-F]{8}"/g, '"home":"<home>","system":"<system>","timeline":"<timeline>"'],
]

/** Instants of records and lives of keys. What is rounded to an hour may be an hour off, so it is left out. */
function withoutInstants(text: string): Compared {
  const distances: number[] = []
  const named = text
    .replace(/"sweep_at":\{"at":-?\d+\}/g, '"sweep_at":"<hour>"')
    .replace(
      /<(?:ms|us) (-?\d+)>|"(at|ttlMs)":(-?\d+)/g,
      (_, distance: string | undefined, name: string | undefined, other: string | undefined) => {
        distances.push(Number(distance ?? other))
        return name === undefined ? '<instant>' : `"${name}":"<instant>"`
      },
    )
  return { text: named, distances }
}

/** Records of one run in an order that does not depend on what was drawn. */
export function compared(records: readonly unknown[], held: Held): readonly Compared[] {
  const keys = keysOf(held)
  const all = records.map((record) => {
    const plain = unsealed(JSON.stringify(record).replace(privateKey, '<private key>'), keys)
    const text = drawn.reduce((now, [pattern, name]) => now.replace(pattern, name), plain)
    return withoutInstants(text)
  })
  return all.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : (a.distances[0] ?? 0) - (b.distances[0] ?? 0)))
}
