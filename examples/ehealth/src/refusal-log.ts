import { onEvent } from '@countersign/core'

interface LoggedRefusal {
  readonly action: string
  readonly outcome: string
  readonly clientId?: string
  readonly purpose?: string
  readonly jti?: string
}

const linesPerSecond = 5

/** Logs refusals: the log says more than the wire. */
export type LogRefusal = (refusal: LoggedRefusal) => void

/**
 * One line of JSON for each refusal; ids only, never a token or a secret. Of one kind at most five lines a second: whoever
 * sends nonsense must not fill the log, and what was left out is counted in the next line.
 */
export function createRefusalLog(): LogRefusal {
  const kinds = new Map<string, { second: number; lines: number; leftOut: number }>()
  return ({ outcome, ...details }) => {
    const second = Math.floor(performance.now() / 1000)
    const kind = kinds.get(outcome) ?? { second, lines: 0, leftOut: 0 }
    kinds.set(outcome, kind)
    if (kind.second !== second) Object.assign(kind, { second, lines: 0 })
    kind.lines += 1
    if (kind.lines > linesPerSecond) {
      kind.leftOut += 1
      return
    }
    console.log(JSON.stringify({ refused: outcome, ...details, ...(kind.leftOut > 0 && { leftOut: kind.leftOut }) }))
    kind.leftOut = 0
  }
}

/** Logs every nonce that is refused, or not issued: replayed is never unknown, and blocked never expired. */
export function logNonces(log: LogRefusal): void {
  onEvent('countersign:nonce', (event) => {
    if (event.outcome !== 'issued' && event.outcome !== 'spent') log(event)
  })
}
