import { setTimeout as wait } from 'node:timers/promises'
import type { ExampleApp } from './example-app.js'
import { type StepRow, stepRow, style } from './table.js'

/** A JSON object that an app answered. */
export type Body = Readonly<Record<string, unknown>>

/** One request to an example, and what must come back. */
export interface Step {
  readonly sent: string
  /** The method, if it is not POST, and the path. */
  readonly to: string
  /** Instead of the path in the table. */
  readonly shownTo?: string
  /** The whole header. */
  readonly authorization?: string
  readonly form?: Readonly<Record<string, string>>
  readonly json?: Body
  readonly status: number
  /** What came back, in short; undefined if it is not what must come back. Without it, the status says all. */
  readonly reads?: (body: Body) => string | undefined
  /** What the log of the app must say. */
  readonly reason?: string
  readonly why?: string
  /** The request is sent again until the status is right, at most so long. */
  readonly withinMs?: number
}

/** Where an example is played with. */
export interface Stage {
  title(text: string): void
  /** Sends a step, prints its row, and gives what came back. */
  send(step: Step): Promise<Body>
  /** Prints a row about something that is no request. */
  tell(row: StepRow): void
}

/** Rows that were printed, and those of them that are as they should be. */
export interface Count {
  rows: number
  right: number
}

/** A member that is a text, or nothing. */
export function textIn(body: Body, name: string): string {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}

/** A header of HTTP Basic. */
export const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

/** A header with a token. */
export const bearer = (token: string): string => `Bearer ${token}`

interface Answer {
  readonly status: number
  readonly body: Body
  readonly text: string
}

const hasMethod = /^(GET|DELETE) /

async function request(url: string, { to, authorization, form, json }: Step): Promise<Answer> {
  const [method, path] = hasMethod.test(to) ? to.split(' ') : ['POST', to]
  const headers = { ...(json && { 'content-type': 'application/json' }), ...(authorization !== undefined && { authorization }) }
  const body = json ? JSON.stringify(json) : form && new URLSearchParams(form)
  const answer = await fetch(`${url}${path}`, { method: method ?? 'POST', headers, ...(body !== undefined && { body }) })
  const text = await answer.text()
  return { status: answer.status, body: text.startsWith('{') ? (JSON.parse(text) as Body) : {}, text }
}

/** What the log says shortly after an answer: it comes another way. */
async function loggedReason(app: ExampleApp): Promise<string> {
  for (const deadline = performance.now() + 5_000; performance.now() < deadline; await wait(10)) {
    const reason = app.takeRefusals().at(-1)
    if (reason !== undefined) return reason
  }
  return 'nothing in the log'
}

async function answerTo(step: Step, app: ExampleApp): Promise<Answer> {
  const deadline = performance.now() + (step.withinMs ?? 0)
  for (;;) {
    app.takeRefusals()
    const answer = await request(app.url, step)
    if (answer.status === step.status || performance.now() >= deadline) return answer
    await wait(50)
  }
}

/** A stage for one example; rows are counted. */
export function createStage(app: ExampleApp, count: Count): Stage {
  const tell = (row: StepRow): void => {
    count.rows += 1
    if (row.isRight) count.right += 1
    console.log(stepRow(row))
  }
  return {
    tell,
    title: (text) => console.log(`\n${style.bold(text)}`),
    async send(step) {
      const { status, body, text } = await answerTo(step, app)
      const reason = step.reason === undefined ? undefined : await loggedReason(app)
      const said = step.reads === undefined ? '' : step.reads(body)
      const isRead = said !== undefined
      const isRight = isRead && status === step.status && reason === step.reason
      tell({
        sent: step.sent,
        to: step.shownTo ?? step.to,
        status,
        said: isRight ? said : text.replaceAll(/\s+/g, ' ').slice(0, 60),
        why: [reason, step.why].filter(Boolean).join(', '),
        isRight,
        expected: [step.status, step.reason, isRead ? '' : 'another body'].filter(Boolean).join(', '),
      })
      return body
    },
  }
}
