import { publicJwkOf, testKeys } from '@countersign/testkit'
import { type IssuerEntry, staticKeys, type TenantOptions } from '@countersign/verifier'
import { audience, type Guarded, startGuard, tokenOf } from './guard-setup.js'

export const prefix = 'https://login.test/'
export const tenant = (name: string): string => `${prefix}${name}/v2.0`

export function tenantEntry(issuer: string | readonly string[]): IssuerEntry {
  return staticKeys({ issuer, audience, algorithms: ['ES256'], keys: publicJwkOf(testKeys.es256) })
}

export interface Directory extends Guarded {
  /** Every question to the host, in order. */
  readonly asked: readonly string[]
  /** What the host answers; by default an entry, the same object every time. */
  answer: (issuer: string) => Promise<IssuerEntry | undefined> | IssuerEntry | undefined
}

export function startDirectory(options: Partial<TenantOptions> = {}): Directory {
  const asked: string[] = []
  const entries = new Map<string, IssuerEntry>()
  const directory = {
    asked,
    answer: (issuer: string): Promise<IssuerEntry | undefined> | IssuerEntry | undefined => {
      const entry = entries.get(issuer) ?? tenantEntry(issuer)
      entries.set(issuer, entry)
      return entry
    },
  }
  const resolve = async (issuer: string): Promise<IssuerEntry | undefined> => {
    asked.push(issuer)
    return directory.answer(issuer)
  }
  const guarded = startGuard({ resolveIssuer: { via: 'tenant', prefixes: [prefix], resolve, ...options } as never })
  return Object.assign(directory, guarded)
}

export const tokenFrom = (iss: string): Promise<string> => tokenOf({ iss, exp: 1_800_100_000 })
export const down = (): Promise<never> => Promise.reject(new Error('the directory is down'))
