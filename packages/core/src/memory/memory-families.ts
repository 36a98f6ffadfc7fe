import { callsKeptMs, createCallIds } from '../call.js'
import type { Now } from '../clock.js'
import { requireDuration, requireRotation } from '../durations.js'
import type { RefreshFamily, RefreshFamilyStore, Rotation, RotationRequest } from '../refresh-family-store.js'
import { createExpiringMap } from './expiring-map.js'
import { isUndone, type KeptCalls, madeBefore, withCall, withNewestUndone } from './kept-calls.js'

interface Family extends RefreshFamily {
  /** When the newest token was made out of the one before, for the retry window; undefined before the first rotation. */
  readonly rotatedAt: number | undefined
}

/** What a rotation comes to, and the family after it; the model that every store follows. */
function rotateFamily(
  family: Family | undefined,
  request: RotationRequest,
  now: number,
): { readonly answer: Rotation; readonly next?: Family } {
  if (family === undefined) return { answer: { outcome: 'gone' } }
  if (family.revoked !== undefined) return { answer: { outcome: 'revoked', reason: family.revoked } }
  if (family.binding !== request.binding) return { answer: { outcome: 'mismatch' } }
  const { data } = family
  const { generation } = request
  if (generation > family.generation && !request.heal) return { answer: { outcome: 'ahead' } }
  if (generation >= family.generation) {
    const next = { ...family, generation: generation + 1, rotatedAt: now }
    return { answer: { outcome: 'rotated', generation: next.generation, data }, next }
  }
  // Measured from the first rotation and never extended; presenting the child made it the newest but one.
  const retry = generation === family.generation - 1 && family.rotatedAt !== undefined && now - family.rotatedAt < request.retryWindowMs
  if (retry) return { answer: { outcome: 'retry', generation: family.generation, data } }
  return { answer: { outcome: 'reused' }, next: { ...family, revoked: 'reused' } }
}

/** What is answered again to the same call: what was granted or changed. Another refusal is judged anew. */
function isKept({ outcome }: Rotation): boolean {
  return outcome === 'rotated' || outcome === 'retry' || outcome === 'reused'
}

/** A change of a family, and how it was before a rotation. */
interface Change {
  readonly answer: Rotation | 'created' | 'ended'
  readonly before?: { readonly generation: number; readonly rotatedAt: number | undefined; readonly endsAt: number }
}

interface KeptFamily {
  /** Undefined when its creation was taken back: then only the calls are kept. */
  readonly family: Family | undefined
  readonly calls: KeptCalls<Change>
}

/** Families of refresh tokens. */
export function memoryFamilies(now: Now): RefreshFamilyStore {
  const families = createExpiringMap<KeptFamily>(now)
  const callIdOf = createCallIds()

  /** The result of an earlier call with this id; an id names one kind of call. */
  const madeAs = (id: string, callId: string): Change['answer'] | undefined => madeBefore(families.get(id)?.calls, callId)?.answer.answer

  function change(id: string, family: Family, call: { readonly callId: string; readonly answer: Change }, ttlMs?: number): void {
    const kept = { family, calls: withCall(families.get(id)?.calls, { ...call, at: now() }) }
    if (ttlMs === undefined) families.replace(id, kept)
    else families.set(id, kept, ttlMs)
  }

  return {
    async create({ family, binding, data, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      const callId = callIdOf(call)
      if (madeAs(family, callId) === 'created') return
      if (families.get(family)?.family) throw new Error('this family exists already')
      const begun = { binding, data, generation: 0, revoked: undefined, rotatedAt: undefined }
      change(family, begun, { callId, answer: { answer: 'created' } }, ttlMs)
    },
    async rotate(request) {
      requireRotation(request)
      const callId = callIdOf(request)
      const made = madeAs(request.family, callId)
      if (typeof made === 'object') return made
      const family = families.get(request.family)?.family
      const { answer, next } = rotateFamily(family, request, now())
      if (family === undefined || !isKept(answer)) return answer
      const before = answer.outcome === 'rotated' && {
        before: { generation: family.generation, rotatedAt: family.rotatedAt, endsAt: now() + families.remainingMs(request.family) },
      }
      const ttlMs = answer.outcome === 'rotated' ? request.ttlMs : undefined
      change(request.family, next ?? family, { callId, answer: { answer, ...before } }, ttlMs)
      return answer
    },
    async revoke(id, reason, call) {
      const callId = callIdOf(call)
      if (madeAs(id, callId) === 'ended') return true
      const family = families.get(id)?.family
      if (family === undefined || family.revoked !== undefined) return false
      change(id, { ...family, revoked: reason }, { callId, answer: { answer: 'ended' } })
      return true
    },
    async undo(id, callId) {
      const kept = families.get(id)
      const last = kept?.calls[0]
      if (kept === undefined) return false
      if (isUndone(kept.calls, callId)) return true
      if (last?.callId !== callId) return false
      const calls = withNewestUndone(kept.calls)
      if (last.answer.answer === 'created') families.set(id, { family: undefined, calls }, callsKeptMs)
      else if (kept.family && last.answer.before) {
        const { generation, rotatedAt, endsAt } = last.answer.before
        families.set(id, { family: { ...kept.family, generation, rotatedAt }, calls }, endsAt - now())
      } else return false
      return true
    },
    async find(id) {
      const family = families.get(id)?.family
      return family && { binding: family.binding, data: family.data, generation: family.generation, revoked: family.revoked }
    },
  }
}
