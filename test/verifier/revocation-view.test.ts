import { type RevocationView, Unavailable } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { answerTo, startGuard, tokenOf } from './guard-setup.js'

describe("a view of the host's", () => {
  const view = (check: RevocationView['check'] | (() => unknown)): RevocationView => ({ check: check as RevocationView['check'] })

  it('may answer later', async () => {
    const answers: Promise<'revoked_token' | undefined>[] = [Promise.resolve(undefined), Promise.resolve('revoked_token')]
    const { guard } = startGuard({ revocations: view(() => answers.shift()) })
    const token = await tokenOf()
    expect([await answerTo(guard, token), await answerTo(guard, token)]).toEqual(['200 main', '401 revoked_token'])
  })

  it('that cannot tell is 503, for tokens in the cache too', async () => {
    const state = { down: false }
    const down = (): undefined => {
      if (state.down) throw new Unavailable('revocation_unavailable', { retryAfterSeconds: 3 })
    }
    for (const check of [down, async () => down()]) {
      state.down = false
      const { guard } = startGuard({ revocations: view(check) })
      const token = await tokenOf()
      expect(await answerTo(guard, token)).toBe('200 main')
      state.down = true
      expect(await answerTo(guard, token)).toBe('503 revocation_unavailable')
      expect(await answerTo(guard, await tokenOf({ jti: 'new' }))).toBe('503 revocation_unavailable')
    }
  })

  it.each([null, false, true, '', 'expired', {}])('that answers %j, which is no reason, is a fault of ours', async (answer) => {
    const { guard } = startGuard({ revocations: view(() => answer) })
    await expect(answerTo(guard, await tokenOf())).rejects.toBeInstanceOf(TypeError)
  })

  it('that breaks is a fault of ours, and nobody is admitted', async () => {
    const { guard } = startGuard({ revocations: view(() => Promise.reject(new Error('broken'))) })
    await expect(answerTo(guard, await tokenOf())).rejects.toThrow('broken')
  })

  it('is not asked about tokens that are refused anyway', async () => {
    const asked: unknown[] = []
    const { guard } = startGuard({ revocations: view((query) => void asked.push(query)) })
    for (const claims of [{ exp: 1 }, { aud: 'x' }, { iss: 'https://x.test' }]) await answerTo(guard, await tokenOf(claims))
    expect(asked).toEqual([])
  })
})
