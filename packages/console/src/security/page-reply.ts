import type { Reply } from '@countersign/core'
import { type Html, textOf } from '../html/html.js'

/**
 * Pages load from this origin only, run no script of their own, and stand in no frame. `same-origin` and not `no-referrer`: browsers
 * then send `Origin: null` with a form.
 */
const headers: Reply['headers'] = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** A page. */
export function pageReply(status: number, page: Html, more: Reply['headers'] = {}): Reply {
  return { status, headers: { ...headers, ...more }, body: textOf(page) }
}

/** Leads to another page, with GET. */
export function seeOther(location: string): Reply {
  return { status: 303, headers: { location, 'cache-control': 'no-store' } }
}
