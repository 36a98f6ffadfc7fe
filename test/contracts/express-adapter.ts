import type { Server } from 'node:http'
import { authOf, type ExpressRequest, handle, optionalAuthOf, protect, routes } from '@countersign/express'
import type { MountAdapter, MountApp, MountRequest } from '@countersign/testkit'
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express'
import { listening } from './listening.js'

/** What Express 4 and 5 both export. */
export interface ExpressModule {
  (): Express
  json(): RequestHandler
  urlencoded(options: { extended: boolean }): RequestHandler
}

const seenBy = (req: ExpressRequest & Pick<Request, 'params'>): MountRequest => ({
  authOf: (guard) => authOf(guard, req),
  optionalAuthOf: (guard) => optionalAuthOf(guard, req),
  params: req.params as Record<string, string>,
})

/** The mount contract's view of one major version of Express. */
export function expressAdapter(name: string, express: ExpressModule): MountAdapter {
  const define = (app: Express, heard: ((error: unknown) => void)[]): MountApp => ({
    protect: (path, guard, requirements, respond) => {
      app.get(path, protect(guard, ...requirements), (req, res, next) => {
        Promise.resolve()
          .then(() => respond(seenBy(req)))
          .then((value) => res.json(value), next)
      })
    },
    open: (path, respond) => {
      app.get(path, async (req, res, next) => {
        try {
          res.json(await respond(seenBy(req)))
        } catch (error) {
          next(error)
        }
      })
    },
    handle: (method, path, endpoint, options) => {
      const parsers = options?.parsed ? [express.json(), express.urlencoded({ extended: false })] : []
      app[method.toLowerCase() as 'get'](path, ...parsers, handle(endpoint))
    },
    routes: (table) => {
      app.use(routes(table))
    },
    onError: (listener) => {
      heard.push(listener)
    },
  })
  return {
    name,
    start: async (build) => {
      const app = express()
      const heard: ((error: unknown) => void)[] = []
      build(define(app, heard))
      app.use((_req: Request, res: Response) => {
        res.status(404).json({ error: 'no_route' })
      })
      app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
        for (const listener of heard) listener(error)
        if (res.headersSent) next(error)
        else res.status(500).json({ error: 'host' })
      })
      const server: Server = app.listen(0, '127.0.0.1')
      return listening(server)
    },
  }
}
