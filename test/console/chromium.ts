import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, it } from 'vitest'

/** Where Chromium is: `CHROMIUM`, or where Debian and others put it. */
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
)

/** What a suite is given. */
export interface Chromium {
  /** A page of a new browser profile, in which somebody is signed in. What it complains of is kept. */
  open(url: string, user: string, options?: { readonly javaScript?: boolean; readonly width?: number }): Promise<Page>
  /** What pages complained of: errors of scripts, and what the content security policy stopped. */
  readonly complaints: string[]
}

/**
 * A suite in a real browser. Without one the suite is reported as skipped by name; with `CI=true` that is a failure.
 */
export function describeInChromium(name: string, suite: (browser: Chromium) => void): void {
  const needs = `${name} (needs Chromium: set CHROMIUM)`
  if (executablePath === undefined) {
    if (process.env.CI === 'true') {
      it(needs, () => {
        throw new Error('Chromium is not at /usr/bin/chromium, and CHROMIUM is not set')
      })
      return
    }
    describe.skipIf(true)(needs, () => suite({ open: () => Promise.reject(new Error('no browser')), complaints: [] }))
    return
  }
  // A flow has many steps, and the machine may be busy.
  describe(name, { timeout: 90_000 }, () => {
    const state: { browser?: Browser } = {}
    const complaints: string[] = []
    beforeAll(async () => {
      // Without a sandbox, because the gate may run as root.
      state.browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
    }, 60_000)
    afterAll(() => state.browser?.close())

    suite({
      complaints,
      async open(url, user, { javaScript = true, width = 1280 } = {}) {
        const context = await state.browser?.newContext({ baseURL: url, javaScriptEnabled: javaScript, viewport: { width, height: 800 } })
        if (context === undefined) throw new Error('the browser did not start')
        await context.addCookies([{ name: 'user', value: user, url }])
        const page = await context.newPage()
        page.setDefaultTimeout(30_000)
        page.on('pageerror', (error) => complaints.push(String(error)))
        page.on('console', (message) => {
          // The browser itself says that an answer was 4xx.
          if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text())
        })
        page.on('dialog', (dialog) => {
          complaints.push(`dialog: ${dialog.message()}`)
          void dialog.dismiss()
        })
        return page
      },
    })
  })
}
