import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { testKeys, tokenFactory } from '@countersign/testkit'
import type { JwksOptions } from '@countersign/verifier'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import { sleep } from './unknown-kids-setup.js'

const issuer = 'https://issuer.test'
const audience = 'https://api.test'
const tokens = tokenFactory({ issuer, audience, keys: [testKeys.es256] })
const state = { bundle: undefined as ProcessBundle | undefined }

beforeAll(async () => {
  state.bundle = await bundleProcess(fileURLToPath(new URL('./frozen-guard-process.ts', import.meta.url)))
})
afterAll(async () => state.bundle?.remove())

/** A key server that answers when the test says so. */
async function startKeyServer({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Promise<{
  readonly url: string
  nextRequest(): Promise<() => void>
  readonly count: () => number
}> {
  const waiting: ServerResponse[] = []
  const taken = { count: 0 }
  const body = JSON.stringify(tokens.jwks())
  const server = createServer((_request, response) => void waiting.push(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    count: () => waiting.length,
    async nextRequest() {
      const at = taken.count
      taken.count += 1
      while (waiting.length <= at) await sleep(5)
      return () => void waiting[at]?.setHeader('content-type', 'application/jwk-set+json').end(body)
    },
  }
}

async function answerOf(child: ChildProcess): Promise<string> {
  const [{ value, error }] = (await once(child, 'message')) as [{ readonly value?: string; readonly error?: string }]
  return value ?? `threw ${error}`
}

async function startProcess(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  url: string,
  options: Partial<JwksOptions> = {},
): Promise<{ readonly child: ChildProcess; ask(): Promise<string> }> {
  const entry: JwksOptions = { issuer, url, audience, algorithms: ['ES256'], ...options }
  const child = fork(state.bundle?.path ?? '', [JSON.stringify(entry)], { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  expect(await answerOf(child)).toBe('ready')
  const token = await tokens.token()
  return {
    child,
    ask() {
      const answer = answerOf(child)
      child.send(token)
      return answer
    },
  }
}

async function freeze(child: ChildProcess, seconds: number): Promise<void> {
  child.kill('SIGSTOP')
  await sleep(seconds * 1000)
  child.kill('SIGCONT')
}

describe.concurrent('a process that is frozen for 5 s while it loads keys', () => {
  it('takes the answer that came while it was frozen', { timeout: 20_000 }, async (test) => {
    const server = await startKeyServer(test)
    const { child, ask } = await startProcess(test, server.url)
    const answer = ask()
    const respond = await server.nextRequest()
    const frozen = freeze(child, 5)
    await sleep(1000)
    respond()
    await frozen
    expect(await answer).toBe('200')
  })

  it('loads again where the answer is too old when it is read', { timeout: 20_000 }, async (test) => {
    const server = await startKeyServer(test)
    const { child, ask } = await startProcess(test, server.url, { minCacheSeconds: 1, maxCacheSeconds: 1, timeoutSeconds: 1 })
    const answer = ask()
    const respond = await server.nextRequest()
    const frozen = freeze(child, 5)
    respond()
    await frozen
    const respondAgain = await Promise.race([server.nextRequest(), answer.then((early): never => expect.fail(`answered ${early}`))])
    respondAgain()
    expect(await answer).toBe('200')
    expect(server.count()).toBe(2)
  })

  it('asks once more where the first answer is lost, and the request is admitted', { timeout: 20_000 }, async (test) => {
    const server = await startKeyServer(test)
    const { child, ask } = await startProcess(test, server.url)
    const answer = ask()
    await server.nextRequest()
    await freeze(child, 5)
    const thawedAt = performance.now()
    const respond = await Promise.race([server.nextRequest(), answer.then((early): never => expect.fail(`answered ${early}`))])
    respond()
    expect(await answer).toBe('200')
    expect(performance.now() - thawedAt).toBeLessThan(2000)
    expect(server.count()).toBe(2)
  })

  it('is an outage where the second question has no answer either', { timeout: 30_000 }, async (test) => {
    const server = await startKeyServer(test)
    const { child, ask } = await startProcess(test, server.url)
    const answer = ask()
    await server.nextRequest()
    await freeze(child, 5)
    expect(await answer).toBe('503 key_source_unavailable')
    expect(server.count()).toBe(2)
  })
})
