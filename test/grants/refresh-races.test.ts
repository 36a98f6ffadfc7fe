import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { clientCredentials, type RefreshPolicy, refreshToken } from '@countersign/grants'
import { expect, it } from 'vitest'
import { basic, setup } from './endpoint-setup.js'
import { onEveryStore } from './on-every-store.js'

const secrets = { current: { id: 'r', secret: randomBytes(32) } }
const familyOf = (token: string): string => token.split('.')[2] ?? ''

/** Two processes with one client, and a token of its. */
async function begin(open: () => Stores, refresh: RefreshPolicy) {
  const grants = [clientCredentials(), refreshToken({ secrets })]
  const stores = open()
  const [one, other] = [stores, open()].map((allStores) => setup({ allStores, grants, now: Date.now, clientOptions: { now: Date.now } }))
  if (one === undefined || other === undefined) throw new Error('two were made')
  const client = await one.register({ refresh })
  const headers = basic(client.id, client.secret)
  const signIn = async () => (await one.ask({ grant_type: 'client_credentials' }, headers)).body.refresh_token
  const use = (token: string, at = 0) => (at % 2 === 0 ? one : other).ask({ grant_type: 'refresh_token', refresh_token: token }, headers)
  const useAtOnce = (token: string, count = 64) => Promise.all(Array.from({ length: count }, (_, at) => use(token, at)))
  return { stores, signIn, use, useAtOnce }
}

const good = (answers: readonly { readonly status: number }[]): number => answers.filter(({ status }) => status === 200).length

function races(open: () => Stores): void {
  it('64 uses of one token within the window: 64 answers and one child', async () => {
    const { signIn, use, useAtOnce } = await begin(open, { policy: 'rotating' })
    const answers = await useAtOnce(await signIn())
    expect(good(answers)).toBe(64)
    const children = new Set(answers.map(({ body }) => body.refresh_token))
    expect(children.size).toBe(1)
    expect((await use([...children][0] ?? '')).status).toBe(200)
  })

  it('64 uses of one token without a window: one answer, 63 refusals, and the child is dead', async () => {
    const { signIn, use, useAtOnce } = await begin(open, { policy: 'rotating', retryWindowSeconds: 0 })
    const other = await signIn()
    const answers = await useAtOnce(await signIn())
    expect(good(answers)).toBe(1)
    expect(answers.filter(({ body }) => body.error === 'invalid_grant').length).toBe(63)
    const child = answers.find(({ status }) => status === 200)?.body.refresh_token ?? ''
    expect((await use(child)).body.error).toBe('invalid_grant')
    expect((await use(other)).status).toBe(200)
  })

  it('an old token ends its own family and no other one', async () => {
    const { signIn, use } = await begin(open, { policy: 'rotating' })
    const [phone, laptop] = [await signIn(), await signIn()]
    const second = (await use(phone)).body.refresh_token
    const third = (await use(second)).body.refresh_token
    expect((await use(phone)).body.error).toBe('invalid_grant')
    expect((await use(third)).body.error).toBe('invalid_grant')
    expect((await use(laptop)).status).toBe(200)
  })

  it('a revocation that races a rotation never loses', async () => {
    const { stores, signIn, use } = await begin(open, { policy: 'rotating' })
    for (let round = 0; round < 8; round += 1) {
      const token = await signIn()
      const [answer] = await Promise.all([use(token), stores.families.revoke(familyOf(token), 'signed_out')])
      expect((await use(token)).body.error).toBe('invalid_grant')
      if (answer.status === 200) expect((await use(answer.body.refresh_token)).body.error).toBe('invalid_grant')
    }
  })
}

onEveryStore(races)
