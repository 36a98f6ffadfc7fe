import type { Auth, Endpoint, Guard, Requirement, Route, RouteTable } from '@countersign/core'

/** What a route of the app sees: the mount's `authOf` and `optionalAuthOf`, bound to the request being answered. */
export interface MountRequest {
  authOf(guard: Guard): Auth
  optionalAuthOf(guard: Guard): Auth | undefined
  readonly params: Readonly<Record<string, string>>
}

/** Answers a request with a value that the host sends as JSON with status 200; it may throw or reject. */
export type MountRespond = (request: MountRequest) => unknown

/**
 * One app of the host's framework, under construction. Paths may hold parameters written `:name`; the host's own request
 * (Express's `req`, Koa's `ctx`) shows them as `params`, which is where a requirement reads them.
 */
export interface MountApp {
  /** `GET path` behind the mount's `protect(guard, ...requirements)`. */
  protect(path: string, guard: Guard, requirements: readonly Requirement[], respond: MountRespond): void
  /** `GET path` without a guard. */
  open(path: string, respond: MountRespond): void
  /** `method path` answered by the mount's `handle(endpoint)`. With `parsed` the host parses form and JSON bodies first. */
  handle(method: Route['method'], path: string, endpoint: Endpoint, options?: { readonly parsed?: boolean }): void
  /** The mount's `routes(table)`, at the root of the app. */
  routes(table: RouteTable): void
  /**
   * Hears every error that reaches the host's error handler, once for each time that it gets there. The host then answers
   * 500 `{"error":"host"}` where headers were not sent.
   */
  onError(listener: (error: unknown) => void): void
}

/** How the suite reaches one framework. What no route takes, the host answers with 404 `{"error":"no_route"}`. */
export interface MountAdapter {
  /** The framework and its version, for reports. */
  readonly name: string
  /** Builds an app with `define` and serves it on loopback at a free port. `url` has no trailing slash. */
  start(define: (app: MountApp) => void): Promise<{ readonly url: string; close(): Promise<void> }>
}

/** One case of the suite; `run` rejects with an AssertionError where the mount fails it. */
export interface MountCase {
  readonly name: string
  run(): Promise<void>
}
