/** A browser without scripts: it keeps cookies, follows no redirect, and sends the forms of a page. */
export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Sends a form of this page with what it holds, and with what is filled in. */
  submit(action: string, filled?: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Page>
}

export interface Browser {
  get(path: string): Promise<Page>
  post(path: string, form: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Page>
  readonly cookies: Map<string, string>
}

const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }
/** The text that a browser shows for markup. */
const shownText = (markup: string): string => markup.replace(/&(?:amp|lt|gt|quot|#39);/g, (one) => entities[one] ?? one)

interface Form {
  readonly hidden: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
}

/** The values in the forms of a page that are sent to a path, each form on its own. */
export function formsOf(text: string, action: string): readonly Form[] {
  const forms = [...text.matchAll(/<form [^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)]
  return forms
    .filter(([, path]) => path === action)
    .map(([, , inner = '']) => {
      const inputs = [...inner.matchAll(/<input [^>]*>/g)].map(([input]) => {
        const attribute = (name: string): string => shownText(new RegExp(` ${name}="([^"]*)"`).exec(input)?.[1] ?? '')
        return { name: attribute('name'), value: attribute('value'), isHidden: attribute('type') === 'hidden' }
      })
      const selects = [...inner.matchAll(/<select [^>]*name="([^"]*)"[^>]*>\s*<option value="([^"]*)"/g)]
      const chosen = selects.map(([, name = '', value = '']) => ({ name, value: shownText(value), isHidden: false }))
      const valuesOf = (isHidden: boolean): Readonly<Record<string, string>> =>
        Object.fromEntries([...inputs, ...chosen].filter((one) => one.isHidden === isHidden).map(({ name, value }) => [name, value]))
      return { hidden: valuesOf(true), fields: valuesOf(false) }
    })
}

/** @param user - what the host of the test knows its users by */
export function browser(url: string, user?: string): Browser {
  const cookies = new Map<string, string>(user === undefined ? [] : [['user', user]])

  async function send(method: string, path: string, headers: Readonly<Record<string, string>>, form?: object): Promise<Page> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const body = form && new URLSearchParams(form as Record<string, string>)
    const answer = await fetch(new URL(path, url), { method, redirect: 'manual', headers: { cookie, ...headers }, ...(body && { body }) })
    for (const field of answer.headers.getSetCookie()) {
      const [pair = ''] = field.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    const text = await answer.text()
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      async submit(action, filled = {}, more = {}) {
        const fits = formsOf(text, action).find(({ hidden }) =>
          Object.entries(filled).every(([name, value]) => hidden[name] === undefined || hidden[name] === value),
        )
        if (fits === undefined) throw new Error(`the page has no form for ${action}`)
        return post(action, { ...fits.fields, ...fits.hidden, ...filled }, more)
      },
    }
  }

  const post: Browser['post'] = (path, form, headers = {}) =>
    send('POST', path, { origin: new URL(url).origin, 'sec-fetch-site': 'same-origin', ...headers }, form)

  return { cookies, get: (path) => send('GET', path, {}), post }
}
