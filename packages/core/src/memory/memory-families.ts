import type { Now } from '../clock.js'
import type { RefreshFamily, RefreshFamilyStore, Rotation, RotationRequest } from '../refresh-family-store.js'
import { requireDuration } from '../stores.js'
import { createExpiringMap } from './expiring-map.js'

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

/** Chains of refresh tokens. */
export function memoryFamilies(now: Now): RefreshFamilyStore {
  const families = createExpiringMap<Family>(now)
  return {
    async create({ family, binding, data, keepForMs }) {
      requireDuration('keepForMs', keepForMs)
      if (families.get(family)) throw new Error('this family exists already')
      families.set(family, { binding, data, generation: 0, revoked: undefined, rotatedAt: undefined }, keepForMs)
    },
    async rotate(request) {
      if (request.keepForMs !== undefined) requireDuration('keepForMs', request.keepForMs)
      if (!(Number.isFinite(request.retryWindowMs) && request.retryWindowMs >= 0))
        throw new TypeError('retryWindowMs is a number of milliseconds, 0 or more')
      const { answer, next } = rotateFamily(families.get(request.family), request, now())
      if (next && answer.outcome === 'rotated' && request.keepForMs !== undefined) families.set(request.family, next, request.keepForMs)
      else if (next) families.replace(request.family, next)
      return answer
    },
    async revoke(id, reason) {
      const family = families.get(id)
      if (family === undefined || family.revoked !== undefined) return false
      families.replace(id, { ...family, revoked: reason })
      return true
    },
    async find(id) {
      const family = families.get(id)
      return family && { binding: family.binding, data: family.data, generation: family.generation, revoked: family.revoked }
    },
  }
}
