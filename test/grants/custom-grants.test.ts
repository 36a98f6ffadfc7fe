import { clientCredentials, type Grant, type GrantRequest, refreshToken, refuseToken } from '@countersign/grants'
import { describe, expect, it } from 'vitest'
import { basic, claimsOf, setup } from './endpoint-setup.js'
import { outcomes } from './outcomes.js'

const secrets = { current: { id: 'r', secret: 'k'.repeat(32) } }
const type = 'urn:example:grant-type:voucher'

/** A grant that takes vouchers, each one once. */
function vouchers(seen: GrantRequest[] = []): Grant {
  const left = new Set(['v1', 'v2'])
  return {
    type,
    async validate(asked) {
      seen.push(asked)
      const voucher = asked.parameters.get('voucher') ?? ''
      const { scopes, audiences } = asked
      return {
        ok: true,
        commit: async () =>
          left.delete(voucher)
            ? { ok: true, subject: `holder of ${voucher}`, isPerson: true, scopes, audiences }
            : { ok: false, refusal: refuseToken('invalid_grant') },
      }
    },
  }
}

describe("a grant of the host's own", () => {
  it('is asked with the authenticated client and what it may have, and gives a token and a family like any other', async () => {
    const seen: GrantRequest[] = []
    const { ask, register } = setup({ grants: [vouchers(seen), refreshToken({ secrets })] })
    const { id, secret } = await register({ grants: [type, 'refresh_token'], refresh: { policy: 'rotating' } })
    const { body } = await ask({ grant_type: type, voucher: 'v1', scope: 'read' }, basic(id, secret))
    expect(claimsOf(body.access_token)).toMatchObject({ sub: 'holder of v1', client_id: id, scope: 'read' })
    expect(seen).toMatchObject([{ client: { id }, scopes: ['read'], audiences: ['https://api.example'] }])
    const refreshed = await ask({ grant_type: 'refresh_token', refresh_token: body.refresh_token }, basic(id, secret))
    expect(claimsOf(refreshed.body.access_token).sub).toBe('holder of v1')
    expect((await ask({ grant_type: type, voucher: 'v1' }, basic(id, secret))).body.error).toBe('invalid_grant')
  })

  it('is not asked, and burns nothing, when something else is wrong', async () => {
    const seen: GrantRequest[] = []
    const { ask, register } = setup({ grants: [vouchers(seen), clientCredentials()] })
    const { id, secret } = await register({ grants: [type] })
    const other = await register()
    const parameters = { grant_type: type, voucher: 'v1' }
    await ask(parameters, basic(id, 'wrong'))
    await ask(parameters, basic(other.id, other.secret))
    await ask({ ...parameters, scope: 'admin' }, basic(id, secret))
    await ask({ ...parameters, audience: 'https://evil.example' }, basic(id, secret))
    expect(seen).toEqual([])
    expect((await ask(parameters, basic(id, secret))).status).toBe(200)
  })

  it.each([
    ['nothing', undefined],
    ['no subject', { ok: true, isPerson: false, scopes: [], audiences: ['a'] }],
    ['an empty subject', { ok: true, subject: '', isPerson: false, scopes: [], audiences: ['a'] }],
    ['no audience', { ok: true, subject: 's', isPerson: false, scopes: [], audiences: [] }],
    ['scopes that are none', { ok: true, subject: 's', isPerson: false, scopes: ['a b'], audiences: ['a'] }],
  ])('that answers with %s is a fault and never a token', async (_name, answer) => {
    const phases: readonly Omit<Grant, 'type'>[] = [
      { validate: async () => answer as never },
      { validate: async () => ({ ok: true, granted: answer as never }) },
      { validate: async () => ({ ok: true, commit: async () => answer as never }) },
    ]
    for (const phase of phases) {
      const { ask, register } = setup({ grants: [{ type, ...phase }] })
      const { id, secret } = await register({ grants: [type] })
      await expect(ask({ grant_type: type }, basic(id, secret))).rejects.toThrow(TypeError)
    }
  })

  it('takes its commit back when something of ours fails after it, and then the same request works', async () => {
    const state = { left: 1, isSigning: false, calls: [] as string[] }
    const voucher: Grant = {
      type,
      validate: async ({ scopes, audiences }) => ({
        ok: true,
        async commit(callId) {
          state.calls.push(`commit ${callId}`)
          state.left -= 1
          return state.left < 0
            ? { ok: false, refusal: refuseToken('invalid_grant') }
            : { ok: true, subject: 's', isPerson: true, scopes, audiences }
        },
        async undo(callId) {
          state.calls.push(`undo ${callId}`)
          state.left += 1
        },
      }),
    }
    const claims = async () => (state.isSigning ? {} : Promise.reject(new Error('the table of users is away')))
    const { ask, register } = setup({ grants: [voucher], claims })
    const { id, secret } = await register({ grants: [type] })
    await expect(ask({ grant_type: type }, basic(id, secret))).rejects.toThrow('the table of users is away')
    const [first = '', second] = state.calls
    expect(first).toMatch(/^commit [\w-]{16}$/)
    expect(second).toBe(first.replace('commit', 'undo'))
    state.isSigning = true
    expect((await ask({ grant_type: type }, basic(id, secret))).status).toBe(200)
    // A refusal is not a failure of ours.
    expect((await ask({ grant_type: type }, basic(id, secret))).body.error).toBe('invalid_grant')
    expect(state.calls.map((call) => call.split(' ')[0])).toEqual(['commit', 'undo', 'commit', 'commit'])
  })

  it('that knows what it grants is signed before its commit', async () => {
    const state = { commits: 0 }
    const known: Grant = {
      type,
      validate: async ({ scopes, audiences }) => {
        const granted = { ok: true, subject: 's', isPerson: true, scopes, audiences } as const
        return { ok: true, granted, commit: async () => Object.assign(state, { commits: state.commits + 1 }) && granted }
      },
    }
    const claims = async () => Promise.reject(new Error('the table of users is away'))
    const { ask, register } = setup({ grants: [known], claims })
    const { id, secret } = await register({ grants: [type] })
    await expect(ask({ grant_type: type }, basic(id, secret))).rejects.toThrow('the table of users is away')
    expect(state.commits).toBe(0)
  })

  it('uses nothing up while no key can sign, and a request that is wrong is told so', async () => {
    const state = { commits: 0 }
    const counting: Grant = {
      type,
      async validate({ parameters, scopes, audiences }) {
        if (parameters.get('voucher') === undefined) return { ok: false, refusal: refuseToken('missing_parameter') }
        const granted = { ok: true, subject: 's', isPerson: true, scopes, audiences } as const
        return { ok: true, commit: async () => Object.assign(state, { commits: state.commits + 1 }) && granted }
      },
    }
    const broken = { current: () => Promise.reject(new Error('no key')) }
    const { ask, register } = setup({ grants: [counting], signer: broken })
    const { id, secret } = await register({ grants: [type] })
    await expect(ask({ grant_type: type, voucher: 'v1' }, basic(id, secret))).rejects.toThrow('no key')
    expect(state.commits).toBe(0)
    expect((await ask({ grant_type: type }, basic(id, secret))).status).toBe(400)
  })
})

describe('refresh tokens of another issuer', () => {
  it('go to the provider that knows their shape; ours never do', async () => {
    const asked: string[] = []
    const provider = {
      accepts: (token: string) => !token.startsWith('x'),
      async refresh({ token }: { token: string }) {
        asked.push(token)
        if (token === 'busy') return { outcome: 'throttled', retryAfterSeconds: 3 } as const
        if (token !== 'a.b.c') return { outcome: 'refused' } as const
        const issued = { accessToken: 'theirs', expiresInSeconds: 5, refreshToken: token }
        return { outcome: 'signed_in', subject: 's', amr: [], issued } as const
      },
    }
    const { ask, register } = setup({ grants: [refreshToken({ secrets, providers: [provider] })] })
    const { id, secret } = await register()
    const heard = outcomes()
    const use = async (token: string) => (await ask({ grant_type: 'refresh_token', refresh_token: token }, basic(id, secret))).body
    expect(await use('a.b.c')).toEqual({ access_token: 'theirs', token_type: 'Bearer', expires_in: 5, refresh_token: 'a.b.c' })
    expect((await use('a.b.d')).error).toBe('invalid_grant')
    expect((await use('busy')).error).toBe('temporarily_unavailable')
    expect((await use('r1.forged')).error).toBe('invalid_grant')
    expect((await use('xyz')).error).toBe('invalid_grant')
    expect(asked).toEqual(['a.b.c', 'a.b.d', 'busy'])
    expect(heard()).toEqual(['issued', 'invalid_grant', 'too_many_requests', 'refresh_malformed', 'refresh_malformed'])
  })
})

describe('a dialect', () => {
  it('words every answer; caching, challenge and Retry-After are not its business', async () => {
    const json = { 'content-type': 'application/json' }
    const { ask, register } = setup({
      dialect: {
        success: ({ accessToken }) => ({
          status: 200,
          headers: { ...json, 'Cache-Control': 'public' },
          body: JSON.stringify({ access_token: accessToken }),
        }),
        challenge: () => ({ status: 202, headers: json, body: '{}' }),
        refusal: ({ reason }, { grantType }) => ({
          status: reason === 'grant_not_allowed' ? 403 : 401,
          headers: json,
          body: JSON.stringify({ error: `${reason} ${grantType}` }),
        }),
      },
    })
    const { id, secret } = await register()
    const good = await ask({ grant_type: 'client_credentials' }, basic(id, secret))
    expect(good.headers).toEqual({ ...json, 'cache-control': 'no-store', pragma: 'no-cache' })
    const bad = await ask({ grant_type: 'client_credentials' }, basic(id, 'wrong'))
    expect(bad.body.error).toBe('wrong_secret client_credentials')
    expect(bad.headers['www-authenticate']).toContain('Basic')
    const none = await register({ grants: ['x'] })
    expect((await ask({ grant_type: 'client_credentials' }, basic(none.id, none.secret))).status).toBe(403)
  })
})
