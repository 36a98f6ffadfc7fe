import { startNeris } from './neris-app.js'
import { type Answer, askToken, send, textIn } from './neris-requests.js'
import { signIn } from './sign-in.js'

export type App = Awaited<ReturnType<typeof startNeris>>

/** Calls a route of accounts as somebody. */
type Call = (method: string, path: string, json?: unknown) => Promise<Answer>
export const callsOf =
  (app: App, bearer: string | undefined): Call =>
  (method, path, json) =>
    send(`${app.url}/v1/account${path}`, { method, ...(json !== undefined && { json }), ...(bearer !== undefined && { bearer }) })

/** The app, and calls of a person who acts for the vendor and the department. */
export async function start(): Promise<{ readonly app: App; readonly call: Call }> {
  const app = await startNeris()
  return { app, call: callsOf(app, (await signIn(app)).access) }
}

/** A new integration of the vendor. */
export async function made(call: Call): Promise<{ readonly id: string; readonly secret: string }> {
  const answer = await call('POST', '/integration/VN00000001', { title: 'New' })
  return { id: textIn(answer, 'client_id'), secret: textIn(answer, 'client_secret') }
}

export const tokenOf = (app: App, basic: { readonly id: string; readonly secret: string }): Promise<Answer> =>
  askToken(app, { grant_type: 'client_credentials' }, { basic })
