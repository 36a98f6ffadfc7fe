import { type ChildProcess, fork } from 'node:child_process'
import { verify } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { client, type GrantAlgorithm, grantsApps, rawApp } from './grants-apps.js'
import type { FromServer } from './guard-server.js'
import { createFormLoader, type Loader } from './load.js'
import { type Effort, median } from './measure.js'
import type { Result } from './report.js'
import { benchKey } from './tokens.js'

interface Server {
  readonly name: string
  readonly loader: Loader
  readonly process: ChildProcess
  readonly rates: number[]
  readonly cpuRates: number[]
}

const form = 'grant_type=client_credentials&scope=records%3Aread+records%3Awrite'
const basic = (secret: string): string => `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`

async function answerOf(server: ChildProcess): Promise<FromServer> {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  server.once('exit', end)
  try {
    const [message] = (await once(server, 'message', { signal: ending.signal })) as [FromServer]
    return message
  } finally {
    server.off('exit', end)
  }
}

async function cpuMicroseconds(server: ChildProcess): Promise<number> {
  server.send('cpu')
  const answer = await answerOf(server)
  return 'cpuMicroseconds' in answer ? answer.cpuMicroseconds : Number.NaN
}

/** An endpoint that gives anything to everybody would be fast. */
async function checkServer(name: string, url: string, alg: GrantAlgorithm): Promise<void> {
  const ask = (secret: string): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { authorization: basic(secret), 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
    })
  const answer = await ask(client.secret)
  const { access_token: token = '' } = (await answer.json()) as { readonly access_token?: string }
  const end = token.lastIndexOf('.')
  const key = { key: benchKey(alg).verifying, dsaEncoding: 'ieee-p1363' } as const
  if (!verify('sha256', Buffer.from(token.slice(0, end)), key, Buffer.from(token.slice(end + 1), 'base64url')))
    throw new Error(`${name} gives no token that is signed with ${alg}: ${answer.status}`)
  if (name !== rawApp && (await ask('wrong')).status === 200) throw new Error(`${name} takes a wrong secret`)
}

async function start(name: string, alg: GrantAlgorithm): Promise<Server> {
  const script = fileURLToPath(new URL('grants-server.js', import.meta.url))
  const child = fork(script, [name, alg], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const answer = await answerOf(child)
  const url = 'url' in answer ? answer.url : ''
  await checkServer(name, url, alg)
  return { name, loader: await createFormLoader(url, form, basic(client.secret)), process: child, rates: [], cpuRates: [] }
}

async function measure(server: Server, milliseconds: number): Promise<void> {
  const before = await cpuMicroseconds(server.process)
  const { answered, milliseconds: took } = await server.loader.run(milliseconds)
  const after = await cpuMicroseconds(server.process)
  server.rates.push((answered * 1000) / took)
  server.cpuRates.push((answered * 1_000_000) / (after - before))
}

function resultsOf(
  bench: string,
  alg: GrantAlgorithm,
  measured: readonly (readonly [name: string, rates: readonly number[]])[],
): readonly Result[] {
  const base = measured.find(([name]) => name === rawApp)?.[1] ?? []
  return measured.map(([subject, rates]) => ({
    bench,
    subject,
    alg,
    ops: median(rates),
    ratio: median(rates.map((rate, round) => rate / (base[round] ?? Number.NaN))),
    against: rawApp,
  }))
}

async function benchOf(alg: GrantAlgorithm, { rounds, sliceMs }: Effort): Promise<readonly Result[]> {
  const servers: Server[] = []
  try {
    for (const name of Object.keys(grantsApps)) servers.push(await start(name, alg))
    // An endpoint is far more code than a signature: it has to be compiled before it is compared.
    for (const server of servers) await server.loader.run(Math.min(rounds * sliceMs, 4_000))
    for (let round = 0; round < rounds; round++) {
      for (const server of [...servers.slice(round % servers.length), ...servers.slice(0, round % servers.length)])
        await measure(server, sliceMs)
    }
    return [
      ...resultsOf(
        'grants',
        alg,
        servers.map(({ name, cpuRates }) => [name, cpuRates]),
      ),
      ...resultsOf(
        'grants-clock',
        alg,
        servers.map(({ name, rates }) => [name, rates]),
      ),
    ]
  } finally {
    for (const { loader, process: child } of servers) {
      loader.close()
      child.disconnect()
    }
  }
}

/**
 * `client_credentials` over HTTP, each server in a process of its own, the load from this one: by the server's own time on
 * the processor, and in a second set of results by the clock.
 */
export async function grantsBench(effort: Effort): Promise<readonly Result[]> {
  return [...(await benchOf('ES256', effort)), ...(await benchOf('RS256', effort))]
}
