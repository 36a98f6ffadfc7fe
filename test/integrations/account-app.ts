import { type IntegrationRoutesOptions, integrationRoutes } from '@countersign/integrations'
import request, { type Response } from 'supertest'
import type { adapters } from '../contracts/adapters.js'
import { type Deployment, deploy, type Options } from './account-setup.js'

/** What an answer may hold: which of it is there is what the tests are about. */
export interface Body {
  readonly client_id: string
  readonly client_secret: string
  readonly credential_id: string
  readonly access_token: string
  readonly refresh_token: string
  readonly error: string
  readonly error_description: string
  readonly issues: readonly { readonly place: string; readonly name: string; readonly problem: string }[]
  readonly integrations: readonly {
    readonly client_id: string
    readonly locked: boolean
    readonly credentials: readonly { readonly credential_id: string; readonly title?: string; readonly last_used_at?: number }[]
  }[]
}

interface Answer extends Omit<Response, 'body'> {
  readonly body: Body
}

export interface App extends Deployment {
  readonly url: string
  close(): Promise<void>
  /** Asks with a token. */
  as(token: string): {
    get(path: string): Promise<Answer>
    post(path: string, body?: object): Promise<Answer>
    delete(path: string): Promise<Answer>
  }
  /** Asks the token endpoint as a client. */
  token(clientId: string, secret: string, form?: Readonly<Record<string, string>>): Promise<Answer>
}

type RoutesOptions = IntegrationRoutesOptions<ReturnType<Deployment['guard']['authOf']>>

/** The accounts, the token endpoint and a route for integrations in one app. */
export async function startApp(
  start: (typeof adapters)[number]['start'],
  changes: Partial<Options> = {},
  routesOptions: Partial<RoutesOptions> = {},
): Promise<App> {
  const deployment = deploy(changes)
  const { guard, integrations, endpoint } = deployment
  const enrolled = integrations.enrolledFor((host: { readonly params: Readonly<Record<string, string>> }) => host.params.entity_id)
  const server = await start((app) => {
    app.routes(integrationRoutes(integrations, { guard, ...routesOptions }))
    app.handle('POST', '/token', endpoint)
    app.protect('/departments/:entity_id/incidents', guard, [enrolled as never], () => ({ incidents: [] }))
  })
  const ask = (token: string, method: 'get' | 'post' | 'delete', path: string) =>
    request(server.url)[method](path).set('authorization', `Bearer ${token}`)
  return {
    ...deployment,
    ...server,
    as: (token) => ({
      get: async (path) => ask(token, 'get', path),
      post: async (path, body) => (body ? ask(token, 'post', path).send(body) : ask(token, 'post', path)),
      delete: async (path) => ask(token, 'delete', path),
    }),
    token: async (clientId, secret, form = { grant_type: 'client_credentials' }) =>
      (await request(server.url).post('/token').auth(clientId, secret).type('form').send(form)) as Answer,
  }
}
