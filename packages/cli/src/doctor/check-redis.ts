import { causesOf, type Findings, inTime } from './finding.js'

/** A client of ioredis, or of the package `redis`. */
export interface ConfigRedis {
  /** Of ioredis. */
  call?(command: string, ...args: string[]): Promise<unknown>
  /** Of `redis`, which takes the words of a command. */
  sendCommand?(words: never): unknown
}

type Send = (command: string, ...args: readonly string[]) => Promise<unknown>

const maxWaitMs = 3000

/** Of ioredis `call`, of `redis` `sendCommand`. */
function senderOf(client: ConfigRedis): Send {
  return async (command, ...args) => {
    const sent = typeof client.call === 'function' ? client.call(command, ...args) : client.sendCommand?.([command, ...args] as never)
    return inTime(Promise.resolve(sent), maxWaitMs)
  }
}

type Info = Readonly<Record<string, string>>

function infoOf(text: unknown): Info {
  const lines = String(text).split(/\r?\n/)
  return Object.fromEntries(
    lines.filter((line) => line.includes(':')).map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  )
}

const part = 'redis'

function checkVersion({ redis_version: version = '' }: Info, findings: Findings): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 6 || (major === 6 && minor >= 2)) findings.ok(part, `version ${version}`)
  else findings.problem(part, `version ${version || 'unknown'}: it must be 6.2 or later`)
}

function checkEviction({ maxmemory_policy: policy = 'unknown', maxmemory = '0' }: Info, findings: Findings): void {
  const message = `maxmemory-policy is ${policy}: a used id can be forgotten and used again; set noeviction`
  if (policy === 'noeviction') findings.ok(part, 'maxmemory-policy noeviction')
  else if (maxmemory === '0') findings.warn(part, message)
  else findings.problem(part, message)
}

function checkPersistence(info: Info, findings: Findings): void {
  if (info.aof_last_write_status === 'err' || info.rdb_last_bgsave_status === 'err')
    findings.problem(part, 'it cannot save: the last write to its disk failed')
  if (info.aof_enabled === '1') findings.ok(part, 'appendonly yes')
  else findings.warn(part, 'appendonly is off: a restart loses clients, keys and refresh tokens that are kept there; set appendonly yes')
}

function checkReplication(info: Info, findings: Findings): void {
  if (info.role === 'slave') findings.problem(part, 'it is a replica, which takes no writes: connect to the master')
  else findings.ok(part, `a master with ${info.connected_slaves ?? '0'} replicas`)
  if (info.cluster_enabled === '1') findings.ok(part, 'a Cluster')
}

/** What the stores call beside reads and writes, in a form that changes nothing. */
const probes: readonly (readonly [string, ...string[]])[] = [
  ['TIME'],
  ['EVAL', 'return 1', '0'],
  ['GET', 'countersign:doctor'],
  ['DEL', 'countersign:doctor:that-is-never-written'],
  ['WAIT', '0', '0'],
]

async function checkRights(send: Send, findings: Findings): Promise<void> {
  const refused: string[] = []
  for (const [command, ...args] of probes) {
    const right = await send(command, ...args).catch((error: unknown) => error)
    if (right instanceof Error && right.message.startsWith('NOPERM')) refused.push(command)
  }
  if (refused.length > 0)
    findings.problem(
      part,
      `the user may not call ${refused.join(', ')}: give the ACL of docs/stores.md (+@connection +@read +@write +eval +evalsha +time +info +wait)`,
    )
  else findings.ok(part, 'the user may call what the stores need')
}

/** Version, eviction, persistence, replication, and the rights of the user. */
export async function checkRedis(client: ConfigRedis, findings: Findings): Promise<void> {
  const send = senderOf(client)
  try {
    await send('PING')
  } catch (error) {
    const message = causesOf(error)
    if (!message.startsWith('NOPERM')) return findings.problem(part, `it cannot be reached: ${message}`)
  }
  try {
    const info = infoOf(await send('INFO'))
    if (info.redis_version === undefined) findings.problem(part, 'INFO says nothing')
    else for (const check of [checkVersion, checkEviction, checkPersistence, checkReplication]) check(info, findings)
  } catch (error) {
    findings.problem(
      part,
      `INFO is not allowed: nobody can tell a server that restarted from one that did not; give the user +info (${causesOf(error)})`,
    )
  }
  await checkRights(send, findings)
}
