import { type Auth, type Endpoint, isUnavailable, type Reply, type RouteTable, readForm, type WireRequest } from '@countersign/core'
import { auditedChange } from './audited-change.js'
import { html } from './html/html.js'
import type { Change, Place, Screen, View } from './screen/screen.js'
import type { ConsoleUser } from './screen/user.js'
import { type FormToken, formLifetimeSeconds } from './security/form-tokens.js'
import { seeOther } from './security/page-reply.js'
import { cookieOf, isSameOrigin } from './security/same-origin.js'
import { type ConsoleContext, cookieRules, linkTo, noticeOf, plainView, shown, signInReply, userOf, visitOf } from './visits.js'

/** What a console has. */
export interface Served<A extends Auth> {
  readonly screens: readonly Screen<A>[]
  readonly changes: readonly Change<A>[]
}

const tooOld = 'This form is too old, or it belongs to an earlier session. Nothing was changed. Look at it and send it again.'
const unprovable =
  'The server lost its memory after this form was opened, so it cannot tell whether the form was sent before. Look at the list, and send it again if it was not.'

const noCookie = 'The cookie of the console did not arrive. It needs https, and a browser that accepts cookies. Open the form again.'
const sentTwice =
  'This form was sent already, and it was carried out once. If it made a secret, only the first answer showed it: make another one, and revoke the one that you did not see.'
/** Longer than a form can be sent. */
const rememberedMs = formLifetimeSeconds * 1000 + 60_000

/** The routes of pages and forms. */
export function routesOf<A extends Auth>(context: ConsoleContext<A>, { screens, changes }: Served<A>): RouteTable {
  const isAllowed = ({ audience }: Pick<Screen<A>, 'audience'>, user: ConsoleUser<A>): boolean =>
    audience === 'everybody' || user.role === 'operator'
  const foreign = (request: WireRequest, user: ConsoleUser<A>): Reply =>
    shown(context, request, { view: plainView(403, 'For operators', 'Only operators can see this page.'), user })

  /** An outage is a page, too, and says when to try again. */
  function guarded(work: (request: WireRequest, user: ConsoleUser<A>) => Promise<Reply>): Endpoint {
    return async (request) => {
      let user: ConsoleUser<A> | undefined
      try {
        user = await userOf(context, request)
        return user === undefined ? signInReply(context, request) : await work(request, user)
      } catch (error) {
        if (!isUnavailable(error)) throw error
        const text =
          'Something that the console needs cannot be reached, for instance its store. Nothing is known to be wrong with your request.'
        const reply = shown(context, request, { view: plainView(503, 'Out of service for a moment', text), user: undefined })
        return { ...reply, headers: { ...reply.headers, 'retry-after': String(error.retryAfterSeconds) } }
      }
    }
  }

  /** A page in place of the answer to a form that was sent before, or what is said if that cannot be told. */
  async function repetition({ id, issuedAtMs }: FormToken, place: Place): Promise<View | string | undefined> {
    const issuedAgoMs = Math.max(0, context.now() - issuedAtMs)
    const verdict = await context.parts.replay.claim({ purpose: 'console_form', id, issuedAgoMs, ttlMs: rememberedMs })
    if (verdict === 'claimed') return undefined
    if (verdict === 'unprovable') return unprovable
    return plainView(409, 'Sent twice', sentTwice, html`<p><a class="button" href="${linkTo(context, place)}">Go on</a></p>`)
  }

  const read = (screen: Screen<A>): Endpoint =>
    guarded(async (request, user) => {
      if (!isAllowed(screen, user)) return foreign(request, user)
      const visit = visitOf(context, request, user)
      return shown(context, request, { view: await screen.show(visit), user, path: screen.path, said: noticeOf(visit) })
    })

  const send = (change: Change<A>): Endpoint =>
    guarded(async (request, user) => {
      const refused = (status: number, title: string, text: string): Reply =>
        shown(context, request, { view: plainView(status, title, text), user })
      if (!isSameOrigin(request, context.options.origin))
        return refused(403, 'Refused', 'This request was not sent by a page of the console. Nothing was changed.')
      const body = await readForm(request, { repeatable: ['grants', 'authMethods'] })
      if (!body.ok) return refused(body.status, 'Refused', 'This is not a form of the console. Nothing was changed.')
      const values = body.value
      const cookie = cookieOf(request, cookieRules(request).name)
      if (cookie === undefined) return refused(403, 'Refused', noCookie)
      if (!isAllowed(change, user)) return foreign(request, user)

      const place = change.place(values)
      async function again(status: number, message: string, field?: string): Promise<Reply> {
        const screen = screens.find(({ path }) => path === place.path)
        const action = linkTo(context, change)
        const problem = { action, message, field, values: values.get }
        const visit = visitOf(context, request, user, { query: place.query, problem })
        const view = await screen?.show(visit)
        if (view === undefined || (view.status ?? 200) >= 400) return refused(status, 'Not done', message)
        return shown(context, request, { view: { ...view, status }, user, path: place.path, said: { kind: 'bad', text: message } })
      }

      const token = context.tokens.read(values.get('token'), user)
      // A cookie of an earlier session is replaced by the page that says so.
      if (token === undefined || !context.tokens.isCookie(cookie, user)) return again(403, tooOld)
      const visit = visitOf(context, request, user)
      const phrase = await change.phrase?.(visit, values)
      if (phrase !== undefined && values.get('confirm')?.trim() !== phrase.trim())
        return again(422, 'What was typed is something else. Nothing was changed.', 'confirm')
      if (change.changesNothing !== true) {
        const repeated = await repetition(token, place)
        if (typeof repeated === 'string') return again(409, repeated)
        if (repeated) return shown(context, request, { view: repeated, user })
      }
      const run = () => change.run(visit, values)
      const changed =
        change.changesNothing === true ? await run() : await auditedChange(context, { user, change, values, formId: token.id }, run)
      if (!changed.ok) return again(changed.status, changed.message, changed.field)
      if ('view' in changed) return shown(context, request, { view: changed.view, user, path: place.path })
      return seeOther(linkTo(context, { path: changed.to.path, query: { ...changed.to.query, done: changed.notice } }))
    })

  /** The first page that somebody may see. */
  const first: Endpoint = guarded(async (request, user) => {
    const screen = context.nav.find((one) => isAllowed(one, user))
    if (screen) return seeOther(linkTo(context, screen))
    return shown(context, request, { view: plainView(403, 'Nothing to open', 'This console has no page that you may open.'), user })
  })

  return [
    ...context.assets.routes,
    { method: 'GET', path: context.basePath, endpoint: first },
    { method: 'GET', path: `${context.basePath}/`, endpoint: first },
    ...screens.map((screen) => ({ method: 'GET', path: linkTo(context, screen), endpoint: read(screen) }) as const),
    ...changes.map((change) => ({ method: 'POST', path: linkTo(context, change), endpoint: send(change) }) as const),
  ]
}
