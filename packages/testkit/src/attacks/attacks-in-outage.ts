import { type Attack, type AttackContext, type AttackNotRun, expectations, insist } from './attack.js'

const { admitted, badToken, outage } = expectations
const family = 'outage'

/** What an app answers while keys cannot be had: 503, never a 401 and never a pass. To be made in this order, last of all. */
export function attacksInOutage(context: AttackContext): readonly (Attack | AttackNotRun)[] {
  return [...neverUp(context), ...down(context), ...staleKeys(context)]
}

function neverUp(context: AttackContext): readonly (Attack | AttackNotRun)[] {
  const { deadIssuer, routes } = context.target
  if (deadIssuer === undefined) return [{ family, name: 'an issuer that was never up', needs: 'deadIssuer' }]
  const attempt = async (path?: string): ReturnType<Attack['attempt']> => context.sendToken(await context.validOf(deadIssuer), path)
  const optionalRoute = routes.optional
  return [
    { family, name: 'a token of an issuer that was never up', expected: outage, attempt: () => attempt() },
    { family, name: 'the same token again', expected: outage, attempt: () => attempt() },
    ...(optionalRoute === undefined
      ? []
      : [{ family, name: 'the same on an optional route', expected: outage, attempt: () => attempt(optionalRoute) }]),
  ]
}

function down(context: AttackContext): readonly Attack[] {
  const { issuer } = context.target
  return [
    {
      family,
      name: 'an unknown kid while the issuer fails',
      expected: outage,
      async attempt() {
        // Keys must be at hand before, and a fetch for an unknown kid permitted.
        insist((await context.sendToken(await context.valid())).status === 200, 'the valid token was not admitted')
        issuer.behave({ kind: 'fail', status: 500 })
        return context.sendToken(await context.valid({ kid: 'unknown-in-the-outage' }))
      },
    },
    {
      family,
      name: 'a known kid while the issuer fails is admitted',
      expected: admitted,
      attempt: async () => context.sendToken(await context.valid()),
    },
    {
      family,
      name: 'a forged token of a known kid while the issuer fails',
      expected: badToken,
      async attempt() {
        const token = await context.valid()
        return context.sendToken(`${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`)
      },
    },
  ]
}

function staleKeys(context: AttackContext): readonly (Attack | AttackNotRun)[] {
  const { clock, issuer, refreshSeconds = 600, staleSeconds = 900 } = context.target
  if (clock === undefined) return [{ family, name: 'keys that grow stale', needs: 'clock' }]
  const lasting = { lifetimeSeconds: 10 * (refreshSeconds + staleSeconds) }
  const send = async (): ReturnType<Attack['attempt']> => context.sendToken(await context.valid(lasting))
  return [
    {
      family,
      name: 'a known kid after the refresh is due is admitted for a while',
      expected: admitted,
      attempt() {
        issuer.behave({ kind: 'close' })
        clock.advance(refreshSeconds + 1)
        return send()
      },
    },
    {
      family,
      name: 'a known kid after that while',
      expected: outage,
      attempt() {
        clock.advance(staleSeconds + 1)
        return send()
      },
    },
    {
      family,
      name: 'a known kid when the issuer is back is admitted',
      expected: admitted,
      attempt() {
        issuer.behave(undefined)
        clock.advance(61)
        return send()
      },
    },
  ]
}
