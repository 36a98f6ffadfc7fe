import { headerField, type WireRequest } from '@countersign/core'

const one = (request: WireRequest, name: string): string | undefined => {
  const value = headerField(request, name)
  return typeof value === 'string' ? value : undefined
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    return undefined // "null", as sandboxed pages send it
  }
}

/**
 * Whether a page of the console itself sent the request. Browsers tell it with each POST, and no page can change what they tell.
 *
 * @param origin - where the console is, as browsers see it; undefined: at the `Host` of the request
 */
export function isSameOrigin(request: WireRequest, origin: string | undefined): boolean {
  const site = headerField(request, 'sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return false
  const sent = headerField(request, 'origin')
  if (sent === undefined) return site === 'same-origin'
  if (typeof sent !== 'string') return false
  return origin === undefined ? hostOf(sent) !== undefined && hostOf(sent) === one(request, 'host')?.toLowerCase() : sent === origin
}

/** Whether the browser is on the machine of the console: there are no certificates for it. */
export function isLoopback(request: WireRequest): boolean {
  const host = one(request, 'host') ?? ''
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host)
}

/** The value of a cookie. One that is there twice counts as none. */
export function cookieOf(request: WireRequest, name: string): string | undefined {
  const sent = [headerField(request, 'cookie') ?? []].flat().flatMap((field) => field.split(';'))
  const found = sent.map((pair) => pair.trim()).filter((pair) => pair.startsWith(`${name}=`))
  return found.length === 1 ? found[0]?.slice(name.length + 1) : undefined
}
