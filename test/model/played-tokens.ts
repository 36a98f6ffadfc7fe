import { type ClaimAction, presentedBy, thingLife } from './claim-machine.js'
import type { TraceStep } from './explore.js'
import { type NonceAction, nonceLife, spendOf } from './nonce-machine.js'
import { type DrivenStore, happen, type PlayedStep, type PlayedTrace } from './played.js'

async function remember({ stores, tickMs }: DrivenStore): Promise<string> {
  await stores().nonces.remember('jti', { clientId: 'client', ttlMs: (nonceLife - 0.5) * tickMs })
  return 'remembered'
}

function nonceStep({ action, answer }: TraceStep<NonceAction>): PlayedStep {
  if (action === 'the issuer remembers it') return { action, expected: answer, run: remember }
  const spend = spendOf(action)
  if (spend) {
    const clientId = spend.bound ? 'client' : 'another client'
    return { action, expected: answer, run: ({ stores }) => stores().nonces.spend('jti', spend.purpose, { clientId }) }
  }
  return { action, expected: '', run: (driven) => happen(action, driven) }
}

/** A trace of the nonce. */
export function playedNonce(trace: readonly TraceStep<NonceAction>[]): PlayedTrace {
  return { begin: async () => undefined, steps: trace.map(nonceStep) }
}

/** A trace of claims. What is claimed is remembered for half a tick less than it lives. */
export function playedClaims(trace: readonly TraceStep<ClaimAction>[]): PlayedTrace {
  const issuedAt: { x: number; y: number } = { x: 0, y: 0 }
  function stepOf({ action, answer }: TraceStep<ClaimAction>): PlayedStep {
    const name = presentedBy(action)
    if (name) {
      return {
        action,
        expected: answer,
        run({ stores, now, tickMs }) {
          const issuedAgoMs = now() - issuedAt[name]
          const ttlMs = (thingLife - Math.round(issuedAgoMs / tickMs) - 0.5) * tickMs
          return stores().replay.claim({ purpose: 'test', id: name, issuedAgoMs, ttlMs })
        },
      }
    }
    return {
      action,
      expected: '',
      async run(driven) {
        if (action !== 'y is issued') return happen(action, driven)
        issuedAt.y = driven.now()
        return ''
      },
    }
  }
  return {
    async begin({ now }) {
      issuedAt.x = now()
    },
    steps: trace.map(stepOf),
  }
}
