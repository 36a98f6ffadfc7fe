import { expect } from 'vitest'
import { bogusToken, startTrial, type Trial } from './remote-jwks-setup.js'

export const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A guard that has loaded its keys. */
export async function startWarm(options: Parameters<typeof startTrial>[0] = {}): Promise<Trial> {
  const trial = await startTrial(options)
  expect(await trial.ask(await trial.issuer.token())).toBe('200')
  return trial
}

/** Asks for that many different kids at once. */
export function storm({ issuer, ask }: Trial, count: number, name = 'bogus'): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => ask(bogusToken(issuer, `${name}-${index}`))))
}

/** Uses up the burst. */
export async function drain(trial: Trial): Promise<void> {
  for (const kid of ['drain-1', 'drain-2']) expect(await trial.ask(bogusToken(trial.issuer, kid))).toBe('401 unknown_key')
}
