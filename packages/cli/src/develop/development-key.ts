import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Signer } from '@countersign/core'
import { createSigner, publicJwk } from '@countersign/jwt'
import { type CommandContext, UsageError } from '../command/context.js'

/** Where the development issuer is, unless told otherwise. */
export const developmentPort = 4000

/** The key of the development issuer. */
export interface DevelopmentKey {
  readonly signer: Signer
  /** The JWK Set (RFC 7517 §5) that it publishes. */
  readonly jwks: { readonly keys: readonly object[] }
}

/** @throws UsageError in production: a reader of the key file could admit anybody */
export function refuseInProduction({ environment }: CommandContext, command: string): void {
  if (environment.NODE_ENV === 'production')
    throw new UsageError(`${command} must not run with NODE_ENV=production: its key is in a file of the project`)
}

function keyIn(folder: string): KeyObject {
  const kept = join(folder, '.countersign')
  const file = join(kept, 'development-key.pem')
  if (existsSync(file)) return createPrivateKey(readFileSync(file))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  mkdirSync(kept, { recursive: true })
  // Nothing in the folder belongs into a repository.
  writeFileSync(join(kept, '.gitignore'), '*\n')
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  return privateKey
}

/** Reads the key of a project, or makes it. */
export function developmentKey(folder: string): DevelopmentKey {
  const key = keyIn(folder)
  const signer = createSigner({ key, algorithm: 'ES256' })
  return { signer, jwks: { keys: [{ ...publicJwk(key), kid: signer.kid, alg: 'ES256', use: 'sig' }] } }
}
