import { kind, type OptionKind } from '@countersign/core'
import type { TestKey } from './test-keys.js'

/** What a test key must be. */
export const keyKind: OptionKind = kind.members<TestKey>({
  kid: kind.required(kind.satisfying('a string', (value) => typeof value === 'string')),
  alg: kind.required(kind.string),
  jwk: kind.required({ ...kind.record, isSecret: true }),
})
