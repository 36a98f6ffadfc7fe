import { startsAt } from '../constants.js'

/** Instants of the clock of the tests: they are the same in every run. */
const isOurs = (milliseconds: number): boolean => Math.abs(milliseconds - startsAt * 1000) < 10 * 86_400_000

type Change = (text: string) => string

/** Changes every text of a value. */
function mapTexts(value: unknown, change: Change): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, change)]))
}

/** Instants of a server in milliseconds (13 digits) and microseconds (16) become how far they are from now, in milliseconds. */
export function relative(value: unknown, now: number): unknown {
  return mapTexts(value, (text) =>
    text.replace(/(?<![\dA-Za-hj-su-z_.-])(?:\d{13}|\d{16})(?![\w.])/g, (digits) => {
      const milliseconds = digits.length === 13 ? Number(digits) : Number(digits) / 1000
      if (isOurs(milliseconds)) return digits
      return `<${digits.length === 13 ? 'ms' : 'us'} ${Math.round(milliseconds - now)}>`
    }),
  )
}

/** Puts instants back. */
export type Absolute = (value: unknown) => unknown

export function absolute(now: number): Absolute {
  return (value) =>
    mapTexts(value, (text) =>
      text.replace(/<(ms|us) (-?\d+)>/g, (_, unit: string, distance: string) => {
        const milliseconds = now + Number(distance)
        return unit === 'ms' ? String(milliseconds) : String(milliseconds * 1000)
      }),
    )
}
