import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSender, type ReceivedReply, type SentRequest } from '@countersign/testkit'

/** A request that the old app and the new one both get. */
export interface Probe {
  /** Unique among the probes of a table. */
  readonly name: string
  readonly request: SentRequest
}

/** What a client sees of an answer, without what no app decides. */
export interface Answer {
  readonly status: number
  readonly fields: Readonly<Record<string, unknown>>
  readonly body: string
}

/** The answers to probes, by their names. */
export type Answers = ReadonlyMap<string, Answer>

const ignored: readonly string[] = ['date', 'connection', 'keep-alive', 'content-length', 'etag', 'transfer-encoding']
const atATime = 32

function answerOf({ status, headers, body }: ReceivedReply): Answer {
  return { status, fields: Object.fromEntries(Object.entries(headers).filter(([name]) => !ignored.includes(name))), body }
}

/** Sends every probe to an app on a server of its own. */
export async function answersTo(probes: readonly Probe[], app: RequestListener): Promise<Answers> {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const send = createSender(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const answers = new Map<string, Answer>()
    const waiting = [...probes]
    const work = async (): Promise<void> => {
      for (let probe = waiting.shift(); probe; probe = waiting.shift()) answers.set(probe.name, answerOf(await send(probe.request)))
    }
    await Promise.all(Array.from({ length: atATime }, work))
    return answers
  } finally {
    server.close()
  }
}
