import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/** A mail as it came in. */
interface Mail {
  /** Of the envelope. */
  readonly to: readonly string[]
  readonly text: string
}

/** A mail server on loopback that keeps what it gets. */
export interface Mailbox {
  readonly url: string
  count(): number
  /** The first mail, once it is there. */
  first(): Promise<Mail>
  onMail(listener: (mail: Mail) => void): void
  close(): Promise<void>
}

const secondsToArrive = 10

/** Starts a mail server. */
export async function openMailbox(): Promise<Mailbox> {
  const mails: Mail[] = []
  const arrivals = new EventEmitter<{ mail: [Mail] }>()
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    async onData(stream, session, done) {
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      const { text = '' } = await PostalMime.parse(Buffer.concat(chunks))
      const mail = { to: session.envelope.rcptTo.map(({ address }) => address), text }
      mails.push(mail)
      arrivals.emit('mail', mail)
      done()
    },
  })
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    url: `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    count: () => mails.length,
    async first() {
      const [here] = mails
      if (here !== undefined) return here
      const arrival = once(arrivals, 'mail', { signal: AbortSignal.timeout(secondsToArrive * 1000) }) as Promise<[Mail]>
      const [mail] = await arrival.catch((cause: unknown) => {
        throw new Error(`no mail came within ${secondsToArrive} s`, { cause })
      })
      return mail
    },
    onMail: (listen) => void arrivals.on('mail', listen),
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
