import { type Auth, type Now, type Reply, requestUrl, type WireRequest } from '@countersign/core'
import type { Assets } from './assets/assets.js'
import type { Problem } from './html/forms.js'
import { type Html, html } from './html/html.js'
import { layout } from './html/layout.js'
import type { ConsoleOptions } from './options.js'
import type { KnownParts } from './screen/parts.js'
import { type Notice, notices, type Place, type Screen, type View, type Visit } from './screen/screen.js'
import { type ConsoleUser, requireUser } from './screen/user.js'
import type { FormTokens } from './security/form-tokens.js'
import { pageReply, seeOther } from './security/page-reply.js'
import { cookieOf, isLoopback } from './security/same-origin.js'

/** What every request needs. */
export interface ConsoleContext<A extends Auth> {
  readonly options: ConsoleOptions<A, never>
  readonly parts: KnownParts<A>
  readonly basePath: string
  readonly assets: Assets
  readonly tokens: FormTokens
  readonly now: Now
  /** Those that are in the navigation, in its order. */
  readonly nav: readonly (Screen<A> & { readonly nav: string })[]
}

function addressOf(basePath: string, path: string, query: Place['query'] = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
  const search = new URLSearchParams(given).toString()
  return `${basePath}${path === '/' ? '' : path}${search === '' ? '' : `?${search}`}`
}

/** The address of a page. */
export function linkTo(context: { readonly basePath: string }, { path, query }: Place): string {
  return addressOf(context.basePath, path, query)
}

/** Who sent a request; the host says it. */
export async function userOf<A extends Auth>({ options }: ConsoleContext<A>, request: WireRequest): Promise<ConsoleUser<A> | undefined> {
  const user = await options.operator((request.frameworkRequest ?? request) as never)
  return user === undefined ? undefined : requireUser(user)
}

/** The name of the cookie, and how it is set. Without https only a browser on the same machine gets one. */
export function cookieRules(request: WireRequest): { readonly name: string; readonly attributes: string } {
  return isLoopback(request)
    ? { name: 'countersign-console', attributes: 'Path=/; HttpOnly; SameSite=Strict' }
    : { name: '__Host-countersign-console', attributes: 'Path=/; Secure; HttpOnly; SameSite=Strict' }
}

function searchOf(request: WireRequest): URLSearchParams {
  const url = requestUrl(request)
  const at = url.indexOf('?')
  return new URLSearchParams(at === -1 ? '' : url.slice(at + 1))
}

/** What is different for a page that is shown after a form was sent. */
export interface AfterForm {
  readonly query: Place['query']
  readonly problem: Problem | undefined
}

/** A request of somebody who is signed in. */
export function visitOf<A extends Auth>(
  context: ConsoleContext<A>,
  request: WireRequest,
  user: ConsoleUser<A>,
  after?: AfterForm,
): Visit<A> {
  const { basePath, tokens, now } = context
  const search = searchOf(request)
  const problem = after?.problem
  return {
    user,
    actor: user.role === 'operator' ? { operator: user.id } : user.auth,
    parts: context.parts,
    now: now(),
    query: (name) => (after ? after.query?.[name] : (search.get(name) ?? undefined)),
    link: (path, query) => addressOf(basePath, path, query),
    problem,
    formOf: ({ path, about = {}, ...rest }) => ({
      ...rest,
      action: addressOf(basePath, path),
      hidden: { token: tokens.make(user), ...about },
      problem,
    }),
  }
}

/** What is said above the content of a page. */
type Said = { readonly kind: 'good' | 'bad'; readonly text: string } | undefined

/** A page with everything around it. */
export function shown<A extends Auth>(
  context: ConsoleContext<A>,
  request: WireRequest,
  of: { readonly view: View; readonly user: ConsoleUser<A> | undefined; readonly path?: string; readonly said?: Said },
): Reply {
  const { options, basePath, assets, tokens, nav } = context
  const { view, user, path, said } = of
  const isVisible = (screen: Screen<A>): boolean => user?.role === 'operator' || screen.audience === 'everybody'
  const page = layout(
    {
      title: view.title,
      name: options.name ?? 'Console',
      style: assets.style,
      script: assets.script,
      home: basePath,
      who: user && (user.name ?? user.id),
      signOutUrl: user && options.signOutUrl,
      nav: user
        ? nav.filter(isVisible).map((one) => ({
            label: one.nav,
            href: addressOf(basePath, one.path),
            isCurrent: one.path === (view.trail?.[0]?.path ?? path),
          }))
        : [],
      trail: (view.trail ?? []).map((place) => ({ label: place.label, href: linkTo(context, place) })),
      notice: said,
    },
    view.body,
  )
  const { name, attributes } = cookieRules(request)
  const hasCookie = user === undefined || tokens.isCookie(cookieOf(request, name), user)
  return pageReply(view.status ?? 200, page, hasCookie ? {} : { 'set-cookie': `${name}=${tokens.cookie(user)}; ${attributes}` })
}

/** What the page before said should be said here. */
export function noticeOf(visit: Pick<Visit, 'query'>): Said {
  const name = visit.query('done')
  return name !== undefined && Object.hasOwn(notices, name) ? { kind: 'good', text: notices[name as Notice] } : undefined
}

/** A page that says why there is nothing else. */
export function plainView(status: number, title: string, text: string, more?: Html): View {
  return { title, status, body: html`<div class="card"><p>${text}</p>${more}</div>` }
}

/** What somebody sees who is not signed in. */
export function signInReply<A extends Auth>(context: ConsoleContext<A>, request: WireRequest): Reply {
  const { signInUrl } = context.options
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const returnTo = isRead ? requestUrl(request) : context.basePath
  const mark = signInUrl?.includes('?') ? '&' : '?'
  const address = signInUrl === undefined ? undefined : `${signInUrl}${mark}${new URLSearchParams({ return_to: returnTo }).toString()}`
  if (address !== undefined && isRead) return seeOther(address)
  const text = isRead
    ? 'Nobody is signed in.'
    : 'Your session has ended, and nothing was changed. Sign in again, go back to the form, and send it once more.'
  const link = address !== undefined && html`<p><a class="button primary" href="${address}">Sign in</a></p>`
  return shown(context, request, { view: plainView(401, 'Sign in', text, html`${link}`), user: undefined })
}
