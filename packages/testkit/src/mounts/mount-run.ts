import { createSender, type ReceivedReply, type Send } from './http-sender.js'
import type { MountAdapter, MountApp, MountCase } from './mount-adapter.js'

/** An app that is being served, as a case sees it. */
export interface RunningApp {
  readonly url: string
  readonly send: Send
  /** GET with a bearer token, or without credentials. */
  get(path: string, token?: string): Promise<ReceivedReply>
  /** What reached the host's error handler. */
  readonly heard: readonly unknown[]
}

/** Makes cases of one adapter: each serves an app of its own, and the app is always closed. */
export function mountCase(
  adapter: MountAdapter,
): (name: string, define: (app: MountApp) => void, use: (app: RunningApp) => Promise<void>) => MountCase {
  return (name, define, use) => ({
    name,
    async run() {
      const heard: unknown[] = []
      const server = await adapter.start((app) => {
        app.onError((error) => heard.push(error))
        define(app)
      })
      const send = createSender(server.url)
      const get: RunningApp['get'] = (path, token) =>
        send({ path, headers: token === undefined ? [] : [['authorization', `Bearer ${token}`]] })
      try {
        await use({ url: server.url, send, get, heard })
      } finally {
        await server.close()
      }
    },
  })
}
