import type { Authentication, Granted } from './grant.js'

/** What the store keeps with a chain of refresh tokens: everything that a token is made of again. */
export interface ChainData {
  readonly v: 1
  readonly subject: string
  readonly isPerson: boolean
  readonly scopes: readonly string[]
  readonly audiences: readonly string[]
  readonly authentication?: Authentication
  readonly claims?: Readonly<Record<string, unknown>>
  /** Id of the client's secret that began the chain. */
  readonly secretId?: string
  /** Epoch seconds. */
  readonly startedAt: number
}

/** @param startedAt - epoch seconds */
export function chainData(granted: Granted, secretId: string | undefined, startedAt: number): string {
  const { subject, isPerson, scopes, audiences, authentication, claims } = granted
  const data: ChainData = {
    v: 1,
    subject,
    isPerson,
    scopes,
    audiences,
    ...(authentication && { authentication }),
    ...(claims && { claims }),
    ...(secretId !== undefined && { secretId }),
    startedAt,
  }
  return JSON.stringify(data)
}

/** Undefined for a format that this release does not understand. */
export function parseChain(text: string): ChainData | undefined {
  const data = JSON.parse(text) as ChainData | null
  return data?.v === 1 ? data : undefined
}
