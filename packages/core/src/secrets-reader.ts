import { checkSecrets, type SecretRules } from './options/check-secrets.js'
import type { RotatingSecrets, SecretsOption } from './secrets.js'
import { asUnavailable } from './unavailable.js'

/** All ids and secrets, in order: where they are the same as before, they need not be checked again. */
function partsOf(secrets: Partial<RotatingSecrets> | undefined): readonly unknown[] {
  const { current, previous = [] } = secrets ?? {}
  return [current, ...previous].flatMap((one) => [one?.id, one?.secret, one?.secret?.length])
}

/**
 * Reads secrets that rotate. A function of the host is asked at every use, and what it returns is checked like the option itself: an empty secret
 * would make tokens that everybody can forge.
 *
 * @param factory - what messages begin with
 * @param option - the path of the option
 * @returns the secrets of now. It throws `Unavailable` where the function failed or returned something wrong: that is an outage of ours, and no fault of a
 * request
 * @throws TypeError at the start, for secrets that are wrong
 * @example
 * ```ts
 * import { longSecret, secretsReader } from '@countersign/core'
 *
 * const read = secretsReader('createTickets', 'secrets', { current: { id: '1', secret: 'a'.repeat(32) } }, { secret: longSecret })
 * read().current.id // '1'
 * ```
 */
export function secretsReader(factory: string, option: string, secrets: SecretsOption, rules: SecretRules = {}): () => RotatingSecrets {
  const ask = typeof secrets === 'function' ? secrets : (): RotatingSecrets => secrets
  const first = ask()
  checkSecrets(factory, option, first, rules)
  const state = { parts: partsOf(first) }
  return () => {
    try {
      const given = ask()
      const parts = partsOf(given)
      if (parts.length !== state.parts.length || parts.some((part, at) => part !== state.parts[at])) {
        checkSecrets(factory, option, given, rules)
        state.parts = parts
      }
      return given
    } catch (cause) {
      throw asUnavailable(cause, 'key_source_unavailable')
    }
  }
}
