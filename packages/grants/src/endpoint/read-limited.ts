import { type FormOptions, type FormParameters, readForm, type WireRequest } from '@countersign/core'
import { addressBlock } from '../authentication/client-address.js'
import type { Limiter } from '../authentication/rate-limits.js'
import { refused, type TokenReason, type TokenRefused } from '../refusal.js'

/** Why a body could not be read, by status. */
const bodyFaults: Readonly<Record<400 | 413 | 415, TokenReason>> = {
  400: 'malformed_request',
  413: 'too_large',
  415: 'unsupported_media_type',
}

/** Reads the parameters of a request, unless its address sent too much that cannot be read, or failed too often. */
export async function readLimited(
  request: WireRequest,
  limiter: Limiter,
  options: FormOptions,
): Promise<{ readonly ok: true; readonly value: FormParameters } | TokenRefused> {
  const address = addressBlock(request.ip)
  const refusal = await limiter.beforeReading(address, request.headers.authorization !== undefined)
  if (refusal) return refusal
  const form = await readForm(request, options)
  if (form.ok) return form
  await limiter.unreadable(address)
  return refused(bodyFaults[form.status])
}
