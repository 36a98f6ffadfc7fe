import { randomUUID } from 'node:crypto'
import { createTransport } from 'nodemailer'

/** Brings a code to a person. */
export interface DeliverCode {
  (mail: { readonly to: string; readonly code: string }): void
  close(): void
}

/** On the machine itself, the certificate of a mail server says nothing. */
function withLoopback(smtpUrl: string): string {
  const url = new URL(smtpUrl)
  if (['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)) url.searchParams.set('tls.rejectUnauthorized', 'false')
  return url.href
}

/** The code is the only run of digits: clients and people find it. */
const textWith = (code: string): string =>
  `Your sign-in code is ${code}\n\nIt can be used once, within a few minutes.\nIf you did not ask for it, somebody else has your password: change it.\n`

/** Without digits: clients that look through the whole mail must find the code there and nowhere else. */
const newMessageId = (): string => `<${randomUUID().replace(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)))}@neris.example>`

/** By mail, or printed where there is no mail server. */
export function createDelivery(smtpUrl: string | undefined, print: (line: string) => void): DeliverCode {
  if (smtpUrl === undefined) {
    const tell = ({ to, code }: { readonly to: string; readonly code: string }): void => print(`code for ${to}: ${code}`)
    return Object.assign(tell, { close: () => undefined })
  }
  const transport = createTransport(withLoopback(smtpUrl), { from: 'NERIS <no-reply@neris.example>', subject: 'Your sign-in code' })
  const send = ({ to, code }: { readonly to: string; readonly code: string }): void => {
    transport
      .sendMail({ to, text: textWith(code), messageId: newMessageId() })
      .catch((error: unknown) => console.error('a code was not sent:', error))
  }
  return Object.assign(send, { close: () => transport.close() })
}
