import { expect, it } from 'vitest'
import { onEveryStore } from './on-every-store.js'
import { start } from './token-status-setup.js'

onEveryStore((open) => {
  it('what one process revokes is dead in another: the family, its access tokens and a single one', async () => {
    const [one, other] = [start({ allStores: open() }), start({ allStores: open() })]
    const client = await one.register()
    const [ended, alone, alive] = [await one.signIn(client), await one.signIn(client), await one.signIn(client)]
    const about = async (token: string) => (await other.introspect({ token }, client.headers)).body?.active
    expect(await Promise.all([ended, alone, alive].map(({ access }) => about(access)))).toEqual([true, true, true])
    for (const token of [ended.refresh, alone.access]) expect((await one.revoke({ token }, client.headers)).status).toBe(200)
    const tokens = [ended.access, ended.refresh, alone.access, alone.refresh, alive.access, alive.refresh]
    expect(await Promise.all(tokens.map(about))).toEqual([false, false, false, true, true, true])
    const admitted = await Promise.all([ended, alone, alive].map(({ access }) => other.admits(access)))
    expect(admitted).toEqual(['revoked_token', 'revoked_token', 'admitted'])
    expect((await other.refresh(client, ended.refresh)).body.error).toBe('invalid_grant')
    expect((await other.refresh(client, alone.refresh)).status).toBe(200)
  })

  it('of 32 refreshes that race a revocation nothing survives', async () => {
    const [one, other] = [start({ allStores: open() }), start({ allStores: open() })]
    const client = await one.register()
    const { access, refresh: token } = await one.signIn(client)
    const racing = Array.from({ length: 32 }, (_, at) => (at % 2 === 0 ? one : other).refresh(client, token))
    const revoked = one.revoke({ token }, client.headers)
    const answers = await Promise.all(racing)
    expect((await revoked).status).toBe(200)
    const issued = answers.filter(({ status }) => status === 200).map(({ body }) => body)
    const bearers = [access, ...issued.map((body) => body.access_token)]
    expect(new Set(await Promise.all(bearers.map(other.admits)))).toEqual(new Set(['revoked_token']))
    const children = [token, ...issued.map((body) => body.refresh_token)]
    const after = await Promise.all(children.map(async (child) => (await other.refresh(client, child)).status))
    expect(new Set(after)).toEqual(new Set([400]))
  })

  it('a token that is used twice in two processes is dead in both, with its access tokens', async () => {
    const stores = [open(), open()] as const
    const [one, other] = stores.map((allStores) => start({ allStores, tokens: { revocations: allStores.revocations } })) as [
      ReturnType<typeof start>,
      ReturnType<typeof start>,
    ]
    const client = await one.register({ refresh: { policy: 'rotating', retryWindowSeconds: 0 } })
    const { access, refresh: token } = await one.signIn(client)
    const next = (await other.refresh(client, token)).body
    expect((await one.refresh(client, token)).body.error).toBe('invalid_grant')
    expect([await one.admits(access), await other.admits(next.access_token)]).toEqual(['revoked_token', 'revoked_token'])
  })
})
