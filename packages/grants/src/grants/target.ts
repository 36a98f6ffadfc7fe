import type { FormParameters } from '@countersign/core'
import { refused, type TokenRefused } from '../refusal.js'

/** The requested audiences, or the reason why a token for them cannot be issued. */
export type TargetAnswer = { readonly ok: true; readonly audiences: readonly string[] | undefined } | TokenRefused

/** RFC 8707 §2: an absolute URI without a fragment. */
const isResource = (text: string): boolean => URL.canParse(text) && !text.includes('#') && /^[\x21-\x7e]+$/.test(text)

/**
 * Judges `audience` and `resource` (RFC 8707 §2). Only registered values become an `aud`; undefined for a request without them.
 */
export function judgeTarget(parameters: FormParameters, allowed: readonly string[]): TargetAnswer {
  if (parameters.get('audience') === undefined && parameters.get('resource') === undefined) return { ok: true, audiences: undefined }
  const asked = [...new Set([...parameters.all('audience'), ...parameters.all('resource')])]
  if (!parameters.all('resource').every(isResource)) return refused('malformed_target')
  return asked.every((one) => allowed.includes(one)) ? { ok: true, audiences: asked } : refused('target_not_allowed')
}
