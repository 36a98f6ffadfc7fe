import { bearer, registered } from './documented-endings.js'
import type { DocumentedServer } from './documented-servers.js'

/** What is promised: a process knows of a revocation after two polls. */
const boundMs = 2_000

interface IssuingFigures {
  /** Tokens that were issued after the revocation and are refused, all of them. */
  readonly dead: number
  readonly deadAfterBound: number
  readonly deadInRevokingProcess: number
  readonly issuedAfterBound: number
  /** Answers 503. */
  readonly retried: number
  readonly otherAnswers: readonly number[]
}

interface Issued {
  readonly token: string
  readonly by: DocumentedServer
  readonly askedAt: number
}

const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

/** Two servers issue tokens one after the other; the first revokes the key that signs, half a second later. */
export async function issuingUnderRevocation(servers: readonly [DocumentedServer, DocumentedServer]): Promise<IssuingFigures> {
  const [revoking] = servers
  const { id, secret } = await registered(revoking)
  const issued: Issued[] = []
  const answers: number[] = []
  const stopAt = performance.now() + 4_000

  async function issue(by: DocumentedServer): Promise<void> {
    while (performance.now() < stopAt) {
      const askedAt = performance.now()
      const form = { grant_type: 'client_credentials' }
      const { status, body } = await by.send('POST', '/token', { headers: { authorization: basic(id, secret) }, form })
      answers.push(status)
      if (status === 200) issued.push({ token: String(body.access_token), by, askedAt })
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  async function revoke(): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 500))
    await revoking.call('revokeOwnKey')
    return performance.now()
  }

  const [revokedAt] = await Promise.all([revoke(), ...servers.map(issue)])
  const after = issued.filter(({ askedAt }) => askedAt > revokedAt)
  const judged = await Promise.all(
    after.map(async (one) => {
      const statuses = await Promise.all(
        servers.map(async (server) => (await server.send('GET', '/jobs', { headers: bearer(one.token) })).status),
      )
      return { ...one, isDead: statuses.some((status) => status !== 200) }
    }),
  )
  const dead = judged.filter(({ isDead }) => isDead)
  return {
    dead: dead.length,
    deadAfterBound: dead.filter(({ askedAt }) => askedAt > revokedAt + boundMs).length,
    deadInRevokingProcess: dead.filter(({ by }) => by === revoking).length,
    issuedAfterBound: after.filter(({ askedAt }) => askedAt > revokedAt + boundMs).length,
    retried: answers.filter((status) => status === 503).length,
    otherAnswers: answers.filter((status) => status !== 200 && status !== 503),
  }
}
