import { createHmac, timingSafeEqual, verify } from 'node:crypto'
import { awaitEachOf, type Effort, eachOf, interleave, type Measured, type Subject } from './measure.js'
import type { Result } from './report.js'
import { type BenchKey, benchAlgorithms, benchKey, makeTokens, prepare, spoil } from './tokens.js'
import { countersign, countersignJwt, fastJwt, peers, type TokenSubject } from './verify-subjects.js'

/** The primitive alone: key, data and signature are at hand. */
function bare({ alg, verifying: key }: BenchKey, tokens: readonly string[]): Subject {
  const inputs = tokens.map(prepare)
  switch (alg) {
    case 'HS512':
      return eachOf('bare crypto', inputs, ({ data, signature }) =>
        timingSafeEqual(createHmac('sha512', key).update(data).digest(), signature),
      )
    case 'EdDSA':
      return eachOf('bare crypto', inputs, ({ data, signature }) => verify(null, data, key, signature))
    case 'ES256': {
      const options = { key, dsaEncoding: 'ieee-p1363' } as const
      return eachOf('bare crypto', inputs, ({ data, signature }) => verify('sha256', data, options, signature))
    }
    case 'RS256':
      return eachOf('bare crypto', inputs, ({ data, signature }) => verify('sha256', data, key, signature))
  }
}

async function accepts({ verify: judge }: TokenSubject, token: string): Promise<boolean> {
  try {
    const answer = await judge(token)
    return answer !== false && (answer as { readonly ok?: boolean }).ok !== false
  } catch {
    return false
  }
}

/** A subject that accepts everything or nothing would be fast. */
async function checkSubjects(subjects: readonly TokenSubject[], token: string): Promise<void> {
  for (const subject of subjects) {
    if (!(await accepts(subject, token))) throw new Error(`${subject.name} refuses a good token`)
    if (await accepts(subject, spoil(token))) throw new Error(`${subject.name} accepts a bad signature`)
  }
}

function results(bench: string, alg: string, against: string, measured: readonly Measured[]): readonly Result[] {
  return measured.map(({ name, opsPerSecond, ratio }) => ({ bench, subject: name, alg, ops: opsPerSecond, ratio, against }))
}

async function coldFor(key: BenchKey, effort: Effort): Promise<readonly Result[]> {
  const tokens = await makeTokens(key, 128)
  const subjects = [countersign('countersign', key, false), countersignJwt(key), ...(await peers(key))]
  await checkSubjects(subjects, tokens[0] ?? '')
  const measurable = subjects.map((subject) =>
    subject.later ? awaitEachOf(subject.name, tokens, subject.verify) : eachOf(subject.name, tokens, subject.verify),
  )
  return results('verify-cold', key.alg, 'bare crypto', await interleave([bare(key, tokens), ...measurable], 'bare crypto', effort))
}

/** One token after another without a cache, against the primitive alone. */
export async function verifyCold(effort: Effort): Promise<readonly Result[]> {
  const all: Result[] = []
  for (const alg of benchAlgorithms) all.push(...(await coldFor(benchKey(alg), effort)))
  return all
}

/** Few enough that they are in the processor's cache when they are verified, as what was just read from a socket is. */
const freshAtOnce = 20

async function timeOf({ later, verify: judge }: TokenSubject, tokens: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  if (later) for (const token of tokens) await judge(token)
  else for (const token of tokens) judge(token)
  return performance.now() - startedAt
}

/** Verifies strings that nobody has seen, flat and without a hash, as they come from sockets. Their making is not timed. */
function freshly(tokens: readonly string[], subject: TokenSubject): Subject {
  const bytes = tokens.map((token) => Buffer.from(token, 'latin1'))
  return {
    name: subject.name,
    async run(count) {
      let milliseconds = 0
      for (let done = 0; done < count; done += freshAtOnce) {
        const fresh = Array.from({ length: freshAtOnce }, (_, index) => (bytes[(done + index) % bytes.length] as Buffer).toString('latin1'))
        milliseconds += await timeOf(subject, fresh)
      }
      return (milliseconds * count) / (Math.ceil(count / freshAtOnce) * freshAtOnce)
    },
  }
}

/** A hundred tokens in turn, each string a new one, with the caches on. */
export async function verifyHot(effort: Effort): Promise<readonly Result[]> {
  const key = benchKey('RS256')
  const tokens = await makeTokens(key, 100)
  const subjects = [fastJwt(key, true), countersign('countersign', key, {})]
  await checkSubjects(subjects, tokens[0] ?? '')
  const measured = await interleave(
    subjects.map((subject) => freshly(tokens, subject)),
    'fast-jwt',
    effort,
  )
  return results('verify-hot', key.alg, 'fast-jwt', measured)
}
