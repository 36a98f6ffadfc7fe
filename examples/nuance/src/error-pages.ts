import type { Reply } from '@countersign/core'
import type { Context, Next } from 'koa'
import { errorReply } from './dialect.js'
import { errors } from './profile.js'

function show(ctx: Context, { status, headers, body }: Reply): void {
  ctx.status = status
  ctx.body = body
  for (const [name, value] of Object.entries(headers)) ctx.set(name, typeof value === 'string' ? value : [...value])
}

/** Koa middleware for the outside of all others: whatever has no answer in the words of this API gets one. */
export async function errorPages(ctx: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    console.error(error)
    show(ctx, errorReply(errors.serverError))
    return
  }
  if (ctx.body) return
  if (ctx.status === 404) show(ctx, errorReply(errors.notFound))
  if (ctx.status === 405) show(ctx, errorReply(errors.wrongMethod))
}
