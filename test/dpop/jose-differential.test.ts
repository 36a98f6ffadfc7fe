import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { proofCase } from './jose-cases.js'
import { judgeHere, judgeJose, type ProofCase } from './jose-checker.js'
import { differences, factsOf, proofDifferences } from './jose-differences.js'

/** `FUZZ_RUNS` makes it as long as one likes, with another seed each time; without it the same cases are run again. */
const { FUZZ_RUNS } = process.env
const parameters = FUZZ_RUNS === undefined ? { numRuns: 2500, seed: 20_261_129 } : { numRuns: Number(FUZZ_RUNS) }

type Verdicts = Readonly<Record<'countersign' | 'jose', string>>

async function judged(one: ProofCase): Promise<Verdicts> {
  return { countersign: judgeHere(one), jose: await judgeJose(one) }
}

function refuser({ countersign, jose }: Verdicts): 'countersign' | 'jose' | undefined {
  if ((countersign === 'accepted') === (jose === 'accepted')) return undefined
  return countersign === 'accepted' ? 'jose' : 'countersign'
}

const explained = (one: ProofCase, verdicts: Verdicts): readonly string[] =>
  differences.filter(({ refusedBy, covers }) => refusedBy === refuser(verdicts) && covers(factsOf(one))).map(({ what }) => what)

describe('the list of differences to a checker of proofs on jose', () => {
  test.each(proofDifferences)('$what: only $refusedBy refuses', async (difference) => {
    for (const one of difference.witnesses()) {
      const verdicts = await judged(one)
      expect(refuser(verdicts)).toBe(difference.refusedBy)
      expect(explained(one, verdicts)).toContain(difference.what)
    }
  })

  test('is the one that is documented', () => {
    const document = readFileSync(new URL('../../docs/jose-differences.md', import.meta.url), 'utf8')
    const rows = proofDifferences.map(({ what, refusedBy, why }) => `| ${what} | ${refusedBy} | ${why} |`)
    expect(document).toContain(`\n${rows.join('\n')}\n`)
  })
})

test('of proofs, every disagreement is one of those that are listed', { timeout: 600_000 }, async () => {
  const tally = { accepted: 0, refused: 0, met: new Set<string>(), reasons: new Set<string>() }
  await fc.assert(
    fc.asyncProperty(proofCase, async (make) => {
      const one = await make()
      const verdicts = await judged(one)
      tally.reasons.add(verdicts.countersign)
      if (refuser(verdicts) === undefined) {
        tally[verdicts.jose === 'accepted' ? 'accepted' : 'refused'] += 1
        return
      }
      const whats = explained(one, verdicts)
      for (const what of whats) tally.met.add(what)
      expect({
        ...verdicts,
        claims: factsOf(one).claims.text,
        header: factsOf(one).header.text,
        isExplained: whats.length > 0,
      }).toMatchObject({
        isExplained: true,
      })
    }),
    parameters,
  )
  // A run that met only proofs of one kind would prove little.
  expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(parameters.numRuns / 20)
  expect(tally.met.size).toBeGreaterThan(10)
  expect([...tally.reasons].sort()).toEqual([
    'accepted',
    'proof_access_token',
    'proof_algorithm',
    'proof_key',
    'proof_malformed',
    'proof_method',
    'proof_other_key',
    'proof_signature',
    'proof_time',
    'proof_type',
    'proof_url',
  ])
})
