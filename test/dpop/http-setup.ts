import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Auth, type Guard, onEvent, type RefusedEvent, type Requirement } from '@countersign/core'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import express from 'express'
import Koa from 'koa'
import koaMount from 'koa-mount'
import { onTestFinished } from 'vitest'

export const frameworks = ['Express', 'Koa'] as const
export type Framework = (typeof frameworks)[number]

function appOf(framework: Framework, guard: Guard, requirements: readonly Requirement[]): Parameters<typeof listen>[0] {
  const shown = ({ confirmation, subject }: Auth): object => ({ subject, confirmation })
  if (framework === 'Express') {
    const router = express.Router()
    // Twice: a proof is used up by its request, not by the first of two middlewares.
    router.use(onExpress.protect(guard))
    router.all('/orders', onExpress.protect(guard, ...requirements), (req, res) => void res.json(shown(onExpress.authOf(guard, req))))
    return express().use('/v1', router)
  }
  const inner = new Koa()
  inner.use(onKoa.protect(guard)).use(onKoa.protect(guard, ...requirements))
  inner.use(async (ctx) => {
    ctx.body = shown(onKoa.authOf(guard, ctx))
  })
  return new Koa().use(koaMount('/v1', inner)).callback()
}

export async function listen(listener: (req: never, res: never) => unknown): Promise<string> {
  const server: Server = createServer(listener as never).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An API with the route `/v1/orders`. */
export async function startApi(framework: Framework, guard: Guard, ...requirements: readonly Requirement[]): Promise<string> {
  onTestFinished(() => guard.close())
  return listen(appOf(framework, guard, requirements))
}

/** Refusals from now on. */
export function refusals(): readonly RefusedEvent[] {
  const heard: RefusedEvent[] = []
  onTestFinished(onEvent('countersign:refused', (event) => heard.push(event)))
  return heard
}
