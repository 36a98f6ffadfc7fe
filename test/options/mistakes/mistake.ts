import { expect, it } from 'vitest'

/** A mistake at start-up: what it is, the call, and the whole message. */
export type Mistake = readonly [what: string, call: () => unknown, message: string]

// What the compiler would refuse is given here on purpose: many hosts are written in JavaScript.
type Call = (...args: readonly unknown[]) => unknown
export const loose = (make: (...args: never) => unknown): Call => make as Call

const mark = 'Zq7'

/** A secret that a row passes in. Any three characters of it in a message would be found. */
export const secretOf = (length: number): string => mark.repeat(Math.ceil(length / mark.length)).slice(0, length)

async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call()
    return 'nothing was thrown'
  } catch (error) {
    return error instanceof TypeError ? error.message : `no TypeError: ${String(error)}`
  }
}

/** One test for each mistake, and one for all of them. */
export function itTells(rows: readonly Mistake[]): void {
  it.each(rows)('%s', async (_what, call, message) => {
    expect(await messageOf(call)).toBe(message)
  })

  it('each message names the factory, says what must be and what came, and has no secret', async () => {
    const messages = await Promise.all(rows.map(([, call]) => messageOf(call)))
    const form = /^[a-zA-Z]+(?:\.[a-z]\w+)?: (?:unknown option "[^\n]+"; |[^\n]+\bmust\b[^\n]+, got [^\n]+$)/
    expect(messages.filter((message) => !form.test(message))).toEqual([])
    expect(messages.filter((message) => message.includes(mark))).toEqual([])
  })
}
