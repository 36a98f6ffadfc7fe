import type { AddressInfo } from 'node:net'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { people, startNeris } from './neris-app.js'
import { textIn } from './neris-requests.js'
import { answerMail, password } from './sign-in.js'

/** A mail server; with STARTTLS it shows a certificate that nobody signed. */
async function startMailServer(disabledCommands: string[]) {
  const mails: { readonly to: readonly string[]; readonly mail: Email }[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands,
    async onData(stream, session, done) {
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), mail: await PostalMime.parse(Buffer.concat(chunks)) })
      done()
    },
  })
  const listener = server.listen(0, '127.0.0.1')
  await new Promise((resolve) => listener.once('listening', resolve))
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  return { url: `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`, mails }
}

describe('a code by mail', () => {
  it.each([
    ['as it is', ['STARTTLS', 'AUTH']],
    ['with STARTTLS', ['AUTH']],
  ])('%s: goes to the user name, as text, and is the only run of 6 to 8 digits; nothing is printed', async (_how, disabled) => {
    const server = await startMailServer(disabled)
    const app = await startNeris({ SMTP_URL: server.url })
    const challenge = await password(app, people.mail)
    await expect.poll(() => server.mails.length, { timeout: 5_000 }).toBe(1)
    const { to, mail } = server.mails[0] as (typeof server.mails)[0]
    expect(to).toEqual([people.mail.username])
    expect(mail.to?.map(({ address }) => address)).toEqual([people.mail.username])
    expect(mail.html).toBeUndefined()
    const codes = mail.text?.match(/\d+/g) ?? []
    expect(codes).toEqual([expect.stringMatching(/^\d{6,8}$/)])
    expect(mail.subject).not.toMatch(/\d/)
    // Who looks through the mail as it came finds no other.
    expect(mail.messageId).toMatch(/^<[a-z-]+@neris\.example>$/)
    expect(app.printed).toEqual([])
    const answer = await answerMail(app, { session: textIn(challenge, 'session'), code: codes[0] ?? '' })
    expect(answer.status).toBe(200)
    // Wrong codes bring no second mail.
    const again = textIn(await password(app, people.mail), 'session')
    expect((await answerMail(app, { session: again, code: '000' })).status).toBe(202)
    await expect.poll(() => server.mails.length, { timeout: 5_000 }).toBe(2)
  })
})
