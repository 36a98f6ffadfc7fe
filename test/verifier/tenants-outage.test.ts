import { describe, expect, it } from 'vitest'
import { answerTo, startGuard } from './guard-setup.js'
import { type Directory, down, prefix, startDirectory, tenant, tokenFrom } from './tenants-setup.js'

describe('questions', () => {
  it('of one issuer are one while it is open', async () => {
    const directory = startDirectory()
    const token = await tokenFrom(tenant('a'))
    const answers = await Promise.all(Array.from({ length: 50 }, () => answerTo(directory.guard, token)))
    expect(new Set(answers)).toEqual(new Set(['200 tenant']))
    expect(directory.asked).toHaveLength(1)
  })

  it('that are open are bounded: the rest is told to come again', async () => {
    const directory = startDirectory()
    directory.answer = () => new Promise(() => undefined)
    const tokens = await Promise.all(Array.from({ length: 70 }, (_, at) => tokenFrom(tenant(`t${at}`))))
    const settled: string[] = []
    for (const token of tokens) void answerTo(directory.guard, token).then((answer) => settled.push(answer))
    await new Promise((resolve) => setImmediate(resolve))
    expect(directory.asked).toHaveLength(64)
    expect(settled).toEqual(Array.from({ length: 6 }, () => '503 key_source_unavailable'))
  })

  it('that are open together do not make Node warn of a leak', async () => {
    const warnings: Error[] = []
    const warned = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warned)
    const directory = startDirectory()
    directory.answer = () => new Promise((resolve) => setImmediate(() => resolve(undefined)))
    const tokens = await Promise.all(Array.from({ length: 64 }, (_, at) => tokenFrom(tenant(`t${at}`))))
    await Promise.all(tokens.map((token) => answerTo(directory.guard, token)))
    expect(directory.asked).toHaveLength(64)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', warned)
    expect(warnings).toEqual([])
  })

  it('that nobody answers end as an outage, and do not keep their place', async () => {
    const directory = startDirectory({ timeoutSeconds: 0.05 })
    const answer = directory.answer
    directory.answer = () => new Promise(() => undefined)
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(directory.guard, token)).toBe('503 key_source_unavailable')
    directory.answer = answer
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
  })
})

describe('while the host cannot answer', () => {
  it('an unknown tenant is 503, and is asked for again', async () => {
    const directory = startDirectory()
    const answer = directory.answer
    const token = await tokenFrom(tenant('a'))
    directory.answer = down
    expect(await answerTo(directory.guard, token)).toBe('503 key_source_unavailable')
    directory.answer = answer
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
  })

  it('a function that throws at once is an outage too', async () => {
    const { guard } = startGuard({
      resolveIssuer: {
        via: 'tenant',
        prefixes: [prefix],
        resolve: () => {
          throw new Error('not even a promise')
        },
      } as never,
    })
    expect(await answerTo(guard, await tokenFrom(tenant('a')))).toBe('503 key_source_unavailable')
  })

  it('a known tenant is believed for staleIfErrorSeconds, and asked for every few seconds only', async () => {
    const directory = startDirectory({ maxCacheSeconds: 10, staleIfErrorSeconds: 20 })
    const { guard, clock, asked } = directory
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(guard, token)).toBe('200 tenant')
    directory.answer = down
    clock.advance(10)
    for (let request = 0; request < 5; request++) expect(await answerTo(guard, token)).toBe('200 tenant')
    expect(asked).toHaveLength(2)
    clock.advance(19.9)
    expect(await answerTo(guard, token)).toBe('200 tenant')
    clock.advance(0.2)
    expect(await answerTo(guard, token)).toBe('503 key_source_unavailable')
  })

  it('a tenant that was believed too long is asked for again, and is back at the next yes', async () => {
    const directory = startDirectory({ maxCacheSeconds: 10, staleIfErrorSeconds: 0 })
    const answer = directory.answer
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
    directory.answer = down
    directory.clock.advance(10)
    expect(await answerTo(directory.guard, token)).toBe('503 key_source_unavailable')
    directory.answer = answer
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
  })
})

describe('strangers who name tenants that do not exist', () => {
  const askMany = async (directory: Directory, count: number, name: string): Promise<void> => {
    const tokens = await Promise.all(Array.from({ length: count }, (_, at) => tokenFrom(tenant(`${name}${at}`))))
    for (const token of tokens) void answerTo(directory.guard, token)
  }

  it('do not keep a tenant in belief that the directory no longer knows', async () => {
    const directory = startDirectory({ maxCacheSeconds: 10 })
    const token = await tokenFrom(tenant('gone'))
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
    directory.answer = (issuer) => (issuer === tenant('gone') ? undefined : new Promise(() => undefined))
    directory.clock.advance(10)
    await askMany(directory, 100, 'stranger')
    expect(await answerTo(directory.guard, token)).toBe('401 unknown_issuer')
  })

  it('do not keep a tenant out that the directory still knows', async () => {
    const directory = startDirectory({ maxCacheSeconds: 10, staleIfErrorSeconds: 0 })
    const answer = directory.answer
    const token = await tokenFrom(tenant('a'))
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
    directory.answer = (issuer) => (issuer === tenant('a') ? answer(issuer) : new Promise(() => undefined))
    directory.clock.advance(10)
    await askMany(directory, 100, 'stranger')
    expect(await answerTo(directory.guard, token)).toBe('200 tenant')
  })

  it('our own limit on questions about known tenants is an outage, and nobody is believed for longer by it', async () => {
    const directory = startDirectory({ maxCacheSeconds: 10 })
    const tokens = await Promise.all(Array.from({ length: 65 }, (_, at) => tokenFrom(tenant(`k${at}`))))
    for (const token of tokens) expect(await answerTo(directory.guard, token)).toBe('200 tenant')
    directory.answer = () => new Promise(() => undefined)
    directory.clock.advance(10)
    const settled: string[] = []
    for (const token of tokens) void answerTo(directory.guard, token).then((answered) => settled.push(answered))
    await new Promise((resolve) => setImmediate(resolve))
    expect(settled).toEqual(['503 key_source_unavailable'])
  })
})
