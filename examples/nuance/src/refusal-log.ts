import { onEvent } from '@countersign/core'

const linesPerSecond = 1_000

/** One line of JSON; more than so many in a second are counted in the next line, so that nonsense cannot fill the log. */
function createLog(): (line: object) => void {
  const state = { second: 0, lines: 0, leftOut: 0 }
  return (line) => {
    const second = Math.floor(performance.now() / 1000)
    if (state.second !== second) Object.assign(state, { second, lines: 0 })
    state.lines += 1
    if (state.lines > linesPerSecond) {
      state.leftOut += 1
      return
    }
    console.log(JSON.stringify({ ...line, ...(state.leftOut > 0 && { leftOut: state.leftOut }) }))
    state.leftOut = 0
  }
}

/** Logs every refusal by its reason, which the wire does not tell; ids only, never a token or a secret. */
export function logRefusals(): void {
  const log = createLog()
  onEvent('countersign:token', ({ outcome, grant, clientId, subject }) => {
    if (outcome !== 'issued') log({ refused: outcome, at: 'token', grant, clientId, subject })
  })
  onEvent('countersign:refused', ({ reason }) => log({ refused: reason, at: 'resource' }))
}
