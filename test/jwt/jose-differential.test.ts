import { readFileSync } from 'node:fs'
import { importJwk, jwkThumbprint } from '@countersign/jwt'
import fc from 'fast-check'
import { calculateJwkThumbprint } from 'jose'
import { describe, expect, test } from 'vitest'
import { keyCase, tokenCase } from './jose-cases.js'
import { type Difference, keyDifferences, tokenDifferences } from './jose-differences.js'
import { factsOf, judgeHere, judgeJose, judgeKeyHere, judgeKeyJose, type KeyCase } from './jose-judge.js'

/** `FUZZ_RUNS` makes it as long as one likes, with another seed each time; without it the same cases are run again. */
const { FUZZ_RUNS } = process.env
const parameters = FUZZ_RUNS === undefined ? { numRuns: 2500, seed: 20_261_122 } : { numRuns: Number(FUZZ_RUNS) }

type Verdicts = Readonly<Record<'countersign' | 'jose', string>>

/** Who alone refuses, where the two disagree. */
function refuser({ countersign, jose }: Verdicts): 'countersign' | 'jose' | undefined {
  if ((countersign === 'accepted') === (jose === 'accepted')) return undefined
  return countersign === 'accepted' ? 'jose' : 'countersign'
}

function explanations<C, F>(list: readonly Difference<C, F>[], verdicts: Verdicts, facts: F): readonly Difference<C, F>[] {
  return list.filter((one) => one.refusedBy === refuser(verdicts) && one.covers(facts))
}

function members({ jwk }: KeyCase): Record<string, unknown> {
  return jwk as Record<string, unknown>
}

/** Counts of what a run met: one that met only tokens of one kind would prove little. */
class Tally {
  readonly both = { accepted: 0, refused: 0 }
  readonly differences = new Map<string, number>()
  add(verdicts: Verdicts, differences: readonly { what: string }[]): void {
    if (refuser(verdicts) === undefined) this.both[verdicts.jose === 'accepted' ? 'accepted' : 'refused']++
    for (const { what } of differences) this.differences.set(what, (this.differences.get(what) ?? 0) + 1)
  }
}

describe('the list of differences to jose', () => {
  test.each(tokenDifferences)('$what: only $refusedBy refuses', async (difference) => {
    for (const one of difference.witnesses()) {
      const verdicts = { countersign: judgeHere(one), jose: await judgeJose(one) }
      expect(verdicts).toSatisfy((both: Verdicts) => refuser(both) === difference.refusedBy)
      expect(explanations(tokenDifferences, verdicts, factsOf(one))).toContain(difference)
    }
  })

  test.each(keyDifferences)('of keys, $what: only $refusedBy refuses', async (difference) => {
    for (const one of difference.witnesses()) {
      const verdicts = { countersign: judgeKeyHere(one), jose: await judgeKeyJose(one) }
      expect(verdicts).toSatisfy((both: Verdicts) => refuser(both) === difference.refusedBy)
      expect(explanations(keyDifferences, verdicts, members(one))).toContain(difference)
    }
  })

  test('is the one that is documented', () => {
    const document = readFileSync(new URL('../../docs/jose-differences.md', import.meta.url), 'utf8')
    const rows = (list: readonly { what: string; refusedBy: string; why: string }[]): string =>
      list.map(({ what, refusedBy, why }) => `| ${what} | ${refusedBy} | ${why} |`).join('\n')
    expect(document).toContain(`\n${rows(tokenDifferences)}\n`)
    expect(document).toContain(`\n${rows(keyDifferences)}\n`)
  })
})

describe('the same input, judged here and by jose', () => {
  test('of tokens, every disagreement is one of those that are listed', { timeout: 600_000 }, async () => {
    const tally = new Tally()
    await fc.assert(
      fc.asyncProperty(tokenCase, async (one) => {
        const verdicts = { countersign: judgeHere(one), jose: await judgeJose(one) }
        const facts = factsOf(one)
        const reasons = [...explanations(tokenDifferences, verdicts, facts), ...explanations(keyDifferences, verdicts, facts.jwk)]
        tally.add(verdicts, reasons)
        expect({ ...verdicts, explained: refuser(verdicts) === undefined || reasons.length > 0 }).toMatchObject({ explained: true })
      }),
      parameters,
    )
    expect(Math.min(tally.both.accepted, tally.both.refused)).toBeGreaterThan(parameters.numRuns / 20)
    expect(tally.differences.size).toBeGreaterThan(tokenDifferences.length / 2)
  })

  test('of keys, every disagreement is one of those that are listed', { timeout: 600_000 }, async () => {
    const tally = new Tally()
    await fc.assert(
      fc.asyncProperty(keyCase, async (one) => {
        const verdicts = { countersign: judgeKeyHere(one), jose: await judgeKeyJose(one) }
        const reasons = explanations(keyDifferences, verdicts, members(one))
        tally.add(verdicts, reasons)
        expect({ ...verdicts, explained: refuser(verdicts) === undefined || reasons.length > 0 }).toMatchObject({ explained: true })
      }),
      parameters,
    )
    expect(Math.min(tally.both.accepted, tally.both.refused)).toBeGreaterThan(parameters.numRuns / 20)
    expect(tally.differences.size).toBeGreaterThan(keyDifferences.length / 2)
  })

  test('a key that is accepted has the thumbprint that jose gives it', async () => {
    await fc.assert(
      fc.asyncProperty(keyCase, async ({ jwk }) => {
        const imported = importJwk(jwk)
        if (!imported.ok) return
        const { thumbprint } = imported.key
        // Zeros before a modulus or an exponent are no part of the number; jose takes the text as it is.
        const { n, e } = jwk as { n?: string; e?: string }
        if ([n, e].some((one) => one !== undefined && Buffer.from(one, 'base64url')[0] === 0)) return
        expect(thumbprint).toBe(await calculateJwkThumbprint(jwk as Parameters<typeof calculateJwkThumbprint>[0]))
        expect(thumbprint).toBe(jwkThumbprint(jwk as Parameters<typeof jwkThumbprint>[0]))
      }),
      parameters,
    )
  })
})
