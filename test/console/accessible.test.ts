import axe from 'axe-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { describeInChromium } from './chromium.js'
import { fillWithSamples, pagesOf } from './sample-data.js'
import { type ServerApp, startServerApp, vendor } from './server-app.js'

const [{ start }] = adapters as [(typeof adapters)[number]]

/** What axe-core returns, as far as it is looked at. */
interface Found {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[]
}

describeInChromium('pages that everybody can use', (chromium) => {
  let app: ServerApp
  let pages: Readonly<Record<string, string>>
  beforeAll(async () => {
    app = await startServerApp(start)
    pages = pagesOf(await fillWithSamples(app))
  })
  afterAll(() => app.close())

  it('have no violation that axe-core finds, in light and dark, on a phone and on a desk', async () => {
    const page = await chromium.open(app.url, 'root')
    const found: string[] = []
    async function look(name: string): Promise<void> {
      await page.evaluate(axe.source)
      // What is folded is on the page, too.
      await page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 800 })
        const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
        if (isWide) found.push(`${name} at ${width}: is wider than the screen`)
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          const { violations } = await page.evaluate<Found>('axe.run()')
          found.push(
            ...violations.flatMap(({ id, nodes }) =>
              nodes.map(({ html }) => `${name} at ${width}, ${colorScheme}: ${id} ${html.slice(0, 200)}`),
            ),
          )
        }
      }
    }
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(path)
      await look(name)
    }
    await page.goto(`/console/integrations?entity=${vendor}`)
    await page.locator('#integrations-create--title').fill(' ')
    await page.getByRole('button', { name: 'Create it' }).click()
    await page.locator('[aria-invalid]').waitFor()
    await look('a wrong form')
    await page.locator('#integrations-create--title').fill('Good')
    await page.getByRole('button', { name: 'Create it' }).click()
    await page.getByLabel('Client secret').waitFor()
    await look('a secret')
    expect(found).toEqual([])
  })
})
