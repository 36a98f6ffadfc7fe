import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createSender } from '@countersign/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { end, nextMessage } from '../revocation/child-process.js'
import { describeWith } from '../services.js'
import { bundleProcess } from '../stores/process-bundle.js'
import { tokenOf } from './api-guard.js'
import { clientKey, hashOf, proofOf } from './proofs.js'

describeWith('redis', 'one proof in two processes', (url) => {
  it('is used once by 64 requests at the same time', { timeout: 60_000 }, async () => {
    const bundle = await bundleProcess(fileURLToPath(new URL('./guard-process.ts', import.meta.url)))
    onTestFinished(() => bundle.remove())
    const prefix = `dpop-${randomUUID()}`
    const children = [1, 2].map(() => fork(bundle.path, [url, prefix], { execArgv: [] }))
    onTestFinished(async () => void (await Promise.all(children.map(end))))
    const senders = await Promise.all(children.map(async (child) => createSender(`http://127.0.0.1:${Number(await nextMessage(child))}`)))
    const key = await clientKey('ES256')
    const token = await tokenOf({ cnf: { jkt: key.thumbprint } })
    const requestOf = async (nonce?: string): Promise<readonly (readonly [string, string])[]> => {
      const claims = { htm: 'GET', htu: 'https://api.example/v1/orders', iat: Date.now() / 1000, ath: hashOf(token), nonce }
      return [
        ['Authorization', `DPoP ${token}`],
        ['DPoP', await proofOf(key, { claims })],
      ]
    }
    // The store began to remember a moment ago: a nonce of its first second proves nothing.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    const [first] = senders
    const challenge = await first?.({ path: '/v1/orders', headers: await requestOf() })
    const headers = await requestOf(String(challenge?.headers['dpop-nonce']))
    const sent = senders.flatMap((send) => Array.from({ length: 32 }, () => send({ path: '/v1/orders', headers })))
    const replies = await Promise.all(sent)
    const ok = replies.filter((reply) => reply.status === 200)
    const replayed = replies.filter(
      (reply) => reply.status === 401 && String(reply.headers['www-authenticate']).includes('was used already'),
    )
    expect([ok.length, replayed.length]).toEqual([1, 63])
  })
})
