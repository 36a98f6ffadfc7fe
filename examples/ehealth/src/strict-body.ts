import { parseJsonObject } from '@countersign/jwt'

/** For the parser of Express, which keeps the last of several members with one name: such a body is malformed, and so is what is not an object. */
export function strictly(_req: unknown, _res: unknown, body: Buffer): void {
  if ('reason' in parseJsonObject(body)) throw Object.assign(new Error('the body is not one JSON object'), { status: 400 })
}
