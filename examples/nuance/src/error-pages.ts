import type { Reply } from '@countersign/core'
import type { Context, Next } from 'koa'
import { errorReply } from './dialect.js'
import { errors, type WireError } from './profile.js'

function show(ctx: Context, { status, headers, body }: Reply): void {
  ctx.status = status
  ctx.body = body
  for (const [name, value] of Object.entries(headers)) ctx.set(name, typeof value === 'string' ? value : [...value])
}

const wordless: ReadonlyMap<number, WireError> = new Map(
  [errors.malformedRequest, errors.notFound, errors.wrongMethod].map((one) => [one.status, one]),
)

/** Koa middleware for the outside of all others: whatever has no answer in the words of this API gets one. */
export async function errorPages(ctx: Context, next: Next): Promise<void> {
  try {
    await next()
  } catch (error) {
    console.error(error)
    show(ctx, errorReply(errors.serverError))
    return
  }
  const error = ctx.body ? undefined : wordless.get(ctx.status)
  if (error) show(ctx, errorReply(error))
}
