import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createFakeIssuer, testKeys } from '@countersign/testkit'
import { familyOf } from './guard-families.js'
import type { FromServer } from './guard-server.js'
import { createLoader, type Loader } from './load.js'
import { type Effort, median } from './measure.js'
import type { Result } from './report.js'
import { benchKey, issuer, makeTokens, spoil } from './tokens.js'

interface Server {
  readonly name: string
  readonly url: string
  readonly loader: Loader
  readonly process: ChildProcess
  readonly rates: number[]
  readonly cpuRates: number[]
}

async function answerOf(server: ChildProcess): Promise<FromServer> {
  const [message] = (await once(server, 'message')) as [FromServer]
  return message
}

async function cpuMicroseconds(server: ChildProcess): Promise<number> {
  server.send('cpu')
  const answer = await answerOf(server)
  return 'cpuMicroseconds' in answer ? answer.cpuMicroseconds : Number.NaN
}

/** A guard that lets everything pass would be fast. */
async function checkServer({ name, url }: Server, token: string): Promise<void> {
  const statusOf = async (sent: string): Promise<number> => (await fetch(url, { headers: { authorization: `Bearer ${sent}` } })).status
  if ((await statusOf(token)) !== 200) throw new Error(`${name} refuses a good token`)
  if (!name.startsWith('unguarded') && !name.startsWith('bare ') && (await statusOf(spoil(token))) !== 401)
    throw new Error(`${name} accepts a bad signature`)
}

async function start(bench: string, name: string, jwksUrl: string, tokens: readonly string[]): Promise<Server> {
  const script = fileURLToPath(new URL('guard-server.js', import.meta.url))
  const child = fork(script, [bench, name, jwksUrl], { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] })
  const answer = await answerOf(child)
  const url = 'url' in answer ? `${answer.url}/records/7c1d` : ''
  const server: Server = { name, url, loader: await createLoader(url, tokens), process: child, rates: [], cpuRates: [] }
  await checkServer(server, tokens[0] ?? '')
  return server
}

async function measure(server: Server, milliseconds: number): Promise<void> {
  const before = await cpuMicroseconds(server.process)
  const { answered, milliseconds: took } = await server.loader.run(milliseconds)
  const after = await cpuMicroseconds(server.process)
  server.rates.push((answered * 1000) / took)
  server.cpuRates.push((answered * 1_000_000) / (after - before))
}

/** Requests per second, of the clock or of the server's own time on the processor, and what is kept of the baseline's. */
function resultsOf(
  bench: string,
  servers: readonly Server[],
  baseline: string,
  ratesOf: (server: Server) => readonly number[],
): readonly Result[] {
  const base = servers.filter(({ name }) => name === baseline).flatMap(ratesOf)
  return servers.map((server) => ({
    bench,
    subject: server.name,
    alg: 'RS256',
    ops: median(ratesOf(server)),
    ratio: median(ratesOf(server).map((rate, round) => rate / (base[round] ?? Number.NaN))),
    against: baseline,
  }))
}

/**
 * Throughput that an app keeps when it is guarded: 1000 tokens in turn over HTTP, each app in a process of its own, the
 * load from this one. Requests are counted by the server's own time on the processor, and in a second set of results by the
 * clock, which also tells what else the machine does.
 */
export async function guardBench(bench: string, { rounds, sliceMs }: Effort): Promise<readonly Result[]> {
  const tokens = await makeTokens(benchKey('RS256'), 1000)
  await using keys = await createFakeIssuer({ issuer, keys: [testKeys.rs256] })
  const { apps, baseline } = familyOf(bench)
  const servers: Server[] = []
  try {
    for (const name of Object.keys(apps)) {
      servers.push(await start(bench, name, keys.jwksUrl, tokens))
    }
    for (const server of servers) await server.loader.run(sliceMs * 8)
    for (let round = 0; round < rounds; round++) {
      for (const server of [...servers.slice(round % servers.length), ...servers.slice(0, round % servers.length)])
        await measure(server, sliceMs)
    }
    return [
      ...resultsOf(bench, servers, baseline, ({ cpuRates }) => cpuRates),
      ...resultsOf(`${bench}-clock`, servers, baseline, ({ rates }) => rates),
    ]
  } finally {
    for (const { loader, process: child } of servers) {
      loader.close()
      child.disconnect()
    }
  }
}
