import { setTimeout as sleep } from 'node:timers/promises'
import { createFakeIssuer } from '../fake-issuer/fake-issuer.js'
import type { ReceivedReply } from '../mounts/http-sender.js'
import { forgeToken, rawSigner } from '../tokens/signed-token.js'
import { renameKey, testKeys } from '../tokens/test-keys.js'
import { takeApart } from '../tokens/valid-token.js'
import { type Attack, type AttackContext, type AttackNotRun, expectations, insist } from './attack.js'
import { degenerateKeys } from './degenerate-keys.js'

const { admitted, badToken } = expectations

/** Attacks on whose key is believed for whom. */
export async function attacksOnKeys(context: AttackContext): Promise<readonly (Attack | AttackNotRun)[]> {
  return [...betweenIssuers(context), ...(await degenerate(context)), bait(context)]
}

/** Attacks while keys come and go, to be made one after the other. */
export function attacksOnRotation(context: AttackContext): readonly (Attack | AttackNotRun)[] {
  return [...unknownKids(context), ...replacedKeys(context)]
}

function betweenIssuers(context: AttackContext): readonly (Attack | AttackNotRun)[] {
  const family = 'issuers'
  const { issuer, otherIssuer } = context.target
  if (otherIssuer === undefined) return [{ family, name: 'all', needs: 'otherIssuer' }]
  const [ownKey, otherKey] = [issuer.keys[0], otherIssuer.keys[0]]
  insist(ownKey !== undefined && otherKey !== undefined, 'an issuer has no keys')
  const attempts: Record<string, () => Promise<string>> = {
    'a key of one with the claim of the other': () => context.validOf(otherIssuer, { key: ownKey, kid: ownKey.kid }),
    'a key of the other with the claim of the one': () => context.valid({ key: otherKey, kid: otherKey.kid }),
    "a key of one under the name of the other's": () => context.validOf(otherIssuer, { key: ownKey, kid: otherKey.kid }),
    'a key of one without kid, with the claim of the other': () =>
      context.validOf(otherIssuer, { key: ownKey, header: { kid: undefined } }),
    'both issuers in a list': () => context.valid({ claims: { iss: [issuer.issuer, otherIssuer.issuer] } }),
  }
  return [
    {
      family,
      name: 'a token of the other issuer is admitted',
      expected: admitted,
      attempt: async () => context.sendToken(await context.validOf(otherIssuer)),
    },
    ...Object.entries(attempts).map(([name, make]) => ({
      family,
      name,
      expected: badToken,
      attempt: async () => context.sendToken(await make()),
    })),
    {
      family,
      name: 'the same claims and kid from the other issuer, after a token of the one was admitted',
      expected: badToken,
      async attempt() {
        const claims = { sub: 'user-7', jti: 'same' }
        insist((await context.sendToken(await context.valid({ claims }))).status === 200, 'the valid token was not admitted')
        return context.sendToken(await context.valid({ claims, key: renameKey(otherKey, { kid: ownKey.kid }) }))
      },
    },
  ]
}

/** Publishes keys that must not be used; the kid that the app does not know makes it fetch them. */
async function degenerate(context: AttackContext): Promise<readonly Attack[]> {
  const { issuer } = context.target
  const keys = degenerateKeys()
  const [key] = issuer.keys
  insist(key !== undefined, 'the issuer has no keys')
  const { claims } = takeApart(await context.valid({ key }), key)
  issuer.publish(...keys.map(({ jwk }) => jwk), null, 'text', {}, [])
  return keys.map(({ name, kid, alg, sign }) => ({
    family: 'published keys',
    name,
    expected: badToken,
    attempt: () => context.sendToken(forgeToken({ header: { alg, kid, typ: 'at+jwt' }, payload: claims }, sign)),
  }))
}

/** A server that a token names must get no request. */
function bait(context: AttackContext): Attack {
  return {
    family: 'published keys',
    name: 'an issuer, jku and x5u that a token names are not asked',
    expected: badToken,
    async attempt() {
      await using stranger = await createFakeIssuer({ keys: [testKeys.es256Third] })
      const header = { jku: stranger.jwksUrl, x5u: stranger.jwksUrl }
      const { iss: _, ...claims } = context.target.claims ?? {}
      const aud = context.target.issuer.audience
      const foreign = await context.sendToken(await stranger.token({ header, claims: { ...claims, aud } }))
      insist(foreign.status === 401, `a token of an unknown issuer was answered ${foreign.status}`)
      const reply = await context.sendToken(await context.valid({ key: testKeys.es256Third, header }))
      insist(stranger.requests.length === 0, 'the app asked a server that a token named')
      return reply
    },
  }
}

function unknownKids(context: AttackContext): readonly Attack[] {
  const family = 'rotation'
  const { issuer } = context.target
  const storm = async (count: number): Promise<readonly ReceivedReply[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, index) => context.sendToken(await context.valid({ kid: `bogus-${count}-${index}` }))),
    )
  return [
    {
      family,
      name: '100 unknown kids in flight together cost 2 fetches at most',
      expected: badToken,
      async attempt() {
        const before = issuer.fetches.jwks
        const replies = await storm(100)
        const fetches = issuer.fetches.jwks - before
        insist(fetches <= 2, `they cost ${fetches} fetches`)
        return replies.find(({ status }) => status !== 401) ?? (replies[0] as ReceivedReply)
      },
    },
    {
      family,
      name: 'a key published during a storm of unknown kids is admitted within 3 s',
      expected: admitted,
      async attempt() {
        const raging = storm(20)
        const key = renameKey(testKeys.es256Third, { kid: 'published-in-the-storm' })
        issuer.addKey(key)
        const token = await context.valid({ key })
        const until = performance.now() + 3000
        let reply = await context.sendToken(token)
        while (reply.status !== 200 && performance.now() < until) {
          await sleep(100)
          reply = await context.sendToken(token)
        }
        await raging
        return reply
      },
    },
  ]
}

function replacedKeys(context: AttackContext): readonly (Attack | AttackNotRun)[] {
  const family = 'rotation'
  const { clock, issuer, refreshSeconds = 600 } = context.target
  if (clock === undefined) return [{ family, name: 'keys that are removed or replaced, and tokens that expire', needs: 'clock' }]
  const lasting = { lifetimeSeconds: 10 * refreshSeconds }
  const leaving = renameKey(testKeys.es256Third, { kid: 'leaving' })
  const first = renameKey(testKeys.es256Third, { kid: 'reused' })
  const second = renameKey(testKeys.es256Other, { kid: 'reused' })
  return [
    {
      family,
      name: 'a token of a key that was removed',
      expected: badToken,
      async attempt() {
        issuer.addKey(leaving)
        const token = await context.valid({ ...lasting, key: leaving })
        insist((await context.sendToken(token)).status === 200, 'the key was not accepted while it was published')
        issuer.removeKey(leaving.kid)
        clock.advance(refreshSeconds + 1)
        return context.sendToken(token)
      },
    },
    {
      family,
      name: 'a token of the old key after its kid got new material',
      expected: badToken,
      async attempt() {
        issuer.addKey(first)
        const token = await context.valid({ ...lasting, key: first })
        insist((await context.sendToken(token)).status === 200, 'the first key was not accepted')
        issuer.replaceKey(first.kid, second)
        clock.advance(refreshSeconds + 1)
        const renewed = await context.sendToken(await context.valid({ key: second }))
        insist(renewed.status === 200, `the new material was answered ${renewed.status}`)
        return context.sendToken(token)
      },
    },
    {
      family,
      name: 'a token that was admitted before it expired',
      expected: badToken,
      async attempt() {
        const token = await context.valid({ lifetimeSeconds: 60 })
        insist((await context.sendToken(token)).status === 200, 'the token was not admitted in its time')
        clock.advance(120)
        return context.sendToken(token)
      },
    },
    {
      family,
      name: 'a signature under the material that the kid had before',
      expected: badToken,
      async attempt() {
        const { forge } = takeApart(await context.valid({ key: second }), second)
        return context.sendToken(forge({}, rawSigner(first, first.alg)))
      },
    },
  ]
}
