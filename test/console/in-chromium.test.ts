import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { describeInChromium } from './chromium.js'
import { department, type ServerApp, startServerApp, vendor } from './server-app.js'

const [{ start }] = adapters as [(typeof adapters)[number]]
const actor = { operator: 'test' }
const list = `/console/integrations?entity=${vendor}`

describeInChromium('the console in a browser', (chromium) => {
  let app: ServerApp
  beforeAll(async () => {
    app = await startServerApp(start)
  })
  afterAll(() => app.close())

  const titles = async (): Promise<readonly string[]> => {
    const done = await app.integrations.list(actor, vendor)
    return done.ok ? done.integrations.map(({ title }) => title) : []
  }
  const secretOn = (page: Page): Promise<string> => page.getByLabel('Client secret').inputValue()

  async function create(page: Page, title: string): Promise<string> {
    await page.goto(list)
    await page.getByLabel('Title', { exact: true }).fill(title)
    await page.getByRole('button', { name: 'Create it' }).click()
    await page.getByRole('heading', { name: 'Copy the secret now' }).waitFor()
    return secretOn(page)
  }

  describe.each([
    ['with scripts', true],
    ['without scripts', false],
  ] as const)('%s', (name, javaScript) => {
    const title = `Made ${name}`

    it('an owner creates an integration, adds and revokes a credential, and deletes it', async () => {
      const page = await chromium.open(app.url, 'vera', { javaScript })
      const secret = await create(page, title)
      expect(secret).toMatch(/^cs_/)
      await page.getByRole('link', { name: 'I have copied it' }).click()
      await page.getByText('Add a credential…').click()
      await page.getByLabel('Title').fill('Second')
      await page.getByRole('button', { name: 'Add it and show its secret' }).click()
      expect(await secretOn(page)).not.toBe(secret)
      await page.getByRole('link', { name: 'I have copied it' }).click()
      await page.getByText('Revoke…').last().click()
      await page.getByRole('button', { name: 'Revoke it' }).last().click()
      await page.getByText('The credential is revoked').waitFor()
      expect(await page.content()).not.toContain('cs_')
      await page.getByText('Delete the integration…').click()
      const confirm = page.getByLabel('Type it to confirm')
      await confirm.fill('something else')
      await page.getByRole('button', { name: 'Delete the integration' }).click()
      await page.locator('[aria-invalid]').waitFor()
      if (javaScript) expect(await page.evaluate("document.activeElement?.getAttribute('name')")).toBe('confirm')
      await page.getByLabel('Type it to confirm').fill(title)
      await page.getByRole('button', { name: 'Delete the integration' }).click()
      await page.getByText('The integration is deleted').waitFor()
      expect(await titles()).not.toContain(title)
    })

    it('a department enrolls an integration, and withdraws it', async () => {
      const made = await app.integrations.create(actor, { entity: vendor, title, type: 'CAD' })
      const clientId = made.ok ? made.clientId : ''
      const page = await chromium.open(app.url, 'carl', { javaScript })
      await page.goto(`/console/enrollments?entity=${department}`)
      await page.getByLabel('Client id').fill(clientId)
      await page.getByRole('button', { name: 'Let it act' }).click()
      await page.getByText('The entity has enrolled').waitFor()
      await page.getByText('Withdraw…').click()
      await page.getByRole('button', { name: 'Withdraw it' }).click()
      await page.getByText('The enrollment is withdrawn').waitFor()
      await app.integrations.remove(actor, clientId)
    })

    it('an operator registers, locks and removes a client, makes and revokes keys, and revokes a subject', async () => {
      const page = await chromium.open(app.url, 'root', { javaScript })
      const id = `client-${javaScript}`
      await page.goto('/console/clients')
      await page.locator('form[action$="register"]').getByLabel('Client id').fill(id)
      await page.getByRole('button', { name: 'Register it' }).click()
      expect(await secretOn(page)).toMatch(/^cs_/)
      await page.getByRole('link', { name: 'I have copied it' }).click()
      for (const [fold, button, said] of [
        ['Lock…', 'Lock the client', 'The client is locked'],
        ['Unlock…', 'Unlock it', 'The client is unlocked'],
        ['Remove…', 'Remove the client', 'The client is removed'],
      ] as const) {
        const form = page.locator('details', { hasText: fold })
        await page.getByText(fold).click()
        if (fold !== 'Unlock…') await form.getByLabel('Type it to confirm').fill(id)
        await page.getByRole('button', { name: button }).click()
        await page.getByText(said).waitFor()
      }
      await page.goto('/console/keys')
      await page.getByText('Rotate…').click()
      await page.getByRole('button', { name: 'Make the next key' }).click()
      await page.getByText('The next key is made').waitFor()
      const staged = (await app.server.keys.signing.list()).find(({ state }) => state === 'staged')
      const row = page.locator('li', { hasText: staged?.kid ?? '' })
      await row.getByText('Revoke…').click()
      await row.getByLabel('Type it to confirm').fill(staged?.kid.slice(0, 8) ?? '')
      await row.getByRole('button', { name: 'Revoke the key' }).click()
      await page.getByText('The key is revoked, for ever').waitFor()
      const token = await app.people.token({ claims: { sub: `mallory ${name}` } })
      await page.goto('/console/revocations')
      await page.getByText('Revoke something…').click()
      const form = page.locator('form[action$="add"]')
      await form.getByLabel('What').selectOption('subject')
      await form.getByLabel('Issuer').fill('https://people.example')
      await form.getByLabel('Its name', { exact: true }).fill(`mallory ${name}`)
      await form.getByLabel('Its name once more').fill(`mallory ${name}`)
      await form.getByRole('button').click()
      await page.getByText('It is revoked, everywhere').waitFor()
      await page.goto('/console/explain')
      await page.getByLabel('Access token').fill(token)
      await page.getByRole('button', { name: 'Explain it' }).click()
      await page.getByRole('heading', { name: 'It would be refused' }).waitFor()
      await page.getByText('revoked_subject').waitFor()
    })

    it('a button that is clicked twice makes one integration', async () => {
      const page = await chromium.open(app.url, 'vera', { javaScript })
      await page.goto(list)
      await page.getByLabel('Title', { exact: true }).fill(`Twice ${name}`)
      await page.getByRole('button', { name: 'Create it' }).dblclick()
      await page.getByRole('heading', { name: /Copy the secret now|Sent twice/ }).waitFor()
      expect((await titles()).filter((one) => one === `Twice ${name}`).length).toBe(1)
    })

    it('the way back shows no secret, and the way forward makes nothing anew', async () => {
      const page = await chromium.open(app.url, 'vera', { javaScript })
      const secret = await create(page, `Back ${name}`)
      await page.goBack()
      expect(await page.content()).not.toContain(secret)
      await page.goForward().catch(() => undefined) // the browser asks whether to send the form again
      await expect.poll(() => page.content().catch(() => secret)).not.toContain(secret)
      await page.goto(list)
      await page.goBack().catch(() => undefined)
      expect((await titles()).filter((one) => one === `Back ${name}`).length).toBe(1)
    })
  })

  it('two people at once: what one deleted, the other one learns', async () => {
    const made = await app.integrations.create(actor, { entity: vendor, title: 'Shared', type: 'CAD' })
    const path = `/console/integration?client=${made.ok ? made.clientId : ''}`
    const [vera, root] = [await chromium.open(app.url, 'vera'), await chromium.open(app.url, 'root')]
    await Promise.all([vera.goto(path), root.goto(path)])
    await root.getByText('Delete the integration…').click()
    await root.getByLabel('Type it to confirm').fill('Shared')
    await root.getByRole('button', { name: 'Delete the integration' }).click()
    await root.getByText('The integration is deleted').waitFor()
    await vera.getByText('Add a credential…').click()
    await vera.getByRole('button', { name: 'Add it and show its secret' }).click()
    await vera.getByText('This integration does not exist').waitFor()
  })

  it('after an expired session, what was typed is still there', async () => {
    const page = await chromium.open(app.url, 'vera')
    await page.goto(list)
    await page.getByLabel('Title', { exact: true }).fill('Late')
    const button = page.getByRole('button', { name: 'Create it' })
    app.newSession() // they signed in again elsewhere
    await button.click()
    await page.getByText('This form is too old').first().waitFor()
    expect(await page.getByLabel('Title', { exact: true }).inputValue()).toBe('Late')
    await page.context().clearCookies({ name: 'user' })
    await button.click()
    await page.getByText('Your session has ended, and nothing was changed').waitFor()
    await page.context().addCookies([{ name: 'user', value: 'vera', url: app.url }])
    await create(page, 'Late')
  })

  it('hostile names are text', async () => {
    const names = [
      '<script>document.title="pwned"</script>',
      '"><img src=x onerror=alert(1)>',
      '\u202b שלום עולם',
      'مرحبا بالعالم',
      '😀'.repeat(100),
      '&amp;lt;',
    ]
    const page = await chromium.open(app.url, 'vera', { width: 360 })
    for (const name of names.filter((one) => !one.startsWith('\u202b'))) await create(page, name)
    await page.goto(list)
    await page.getByLabel('Title', { exact: true }).fill('\u202b שלום עולם')
    await page.getByRole('button', { name: 'Create it' }).click()
    await page.getByText('characters that cannot be shown').first().waitFor()
    await page.getByLabel('Title', { exact: true }).evaluate((field) => field.removeAttribute('maxlength'))
    await page.getByLabel('Title', { exact: true }).fill('😀'.repeat(255))
    await page.getByRole('button', { name: 'Create it' }).click()
    await page.getByText('more than 200 characters').first().waitFor()
    await page.goto(list)
    const shown = await page.locator('.rows a').allTextContents()
    for (const name of names.filter((one) => !one.startsWith('\u202b'))) expect(shown).toContain(name)
    expect(await page.title()).toBe(`Integrations of ${vendor} · Console`)
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })

  it('the overview is kept fresh, and says when the connection is lost', async () => {
    const page = await chromium.open(app.url, 'root')
    await page.clock.install()
    await page.goto('/console/overview')
    const refused = page.locator('.figure').nth(1)
    const before = Number(await refused.textContent())
    await app.server.guard.check({ headers: { authorization: 'Bearer junk' } })
    await page.clock.runFor(5_500)
    await expect.poll(async () => Number(await refused.textContent())).toBeGreaterThan(before)
    await page.context().setOffline(true)
    await page.clock.runFor(5_500)
    await page.getByText('The connection is lost').waitFor()
    await page.context().setOffline(false)
    await page.clock.runFor(5_500)
    await page.getByText('The connection is lost').waitFor({ state: 'hidden' })
    chromium.complaints.splice(0) // of the network that was away
  })

  it('an integration is made with the keyboard alone', async () => {
    const page = await chromium.open(app.url, 'vera')
    await page.goto(list)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('To the content')
    await page.keyboard.press('Enter')
    const isTitle = () => page.evaluate("document.activeElement?.id === 'integrations-create--title'")
    for (let n = 0; n < 60 && !(await isTitle()); n += 1) await page.keyboard.press('Tab')
    await page.keyboard.type('By keys')
    await page.keyboard.press('Enter')
    expect(await secretOn(page)).toMatch(/^cs_/)
  })

  it('no page had an error, a dialog, or something that the policy stopped', () => {
    expect(chromium.complaints).toEqual([])
  })
})
