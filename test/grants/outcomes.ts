import { onEvent, type TokenEvent } from '@countersign/core'
import { onTestFinished } from 'vitest'

/** Events of token endpoints from now on, until the test ends. */
export function heardEvents(): readonly TokenEvent[] {
  const heard: TokenEvent[] = []
  onTestFinished(onEvent('countersign:token', (event) => void heard.push(event)))
  return heard
}

/** Outcomes of requests from now on, in order. */
export function outcomes(): () => readonly string[] {
  const heard = heardEvents()
  return () => heard.map(({ outcome }) => outcome)
}
