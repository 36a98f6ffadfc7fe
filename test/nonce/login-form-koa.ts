import { randomBytes } from 'node:crypto'
import { readForm } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { routes } from '@countersign/koa'
import { createNonces } from '@countersign/nonce'
import Koa from 'koa'

const nonces = createNonces({
  issuer: 'https://app.example',
  audience: 'login-form',
  ttlSeconds: 600,
  secrets: { current: { id: '2027', secret: process.env.NONCE_SECRET ?? randomBytes(64) } },
  store: memoryStores().nonces,
  purposes: { login: {} },
})

const html = (status: number, body: string) => ({ status, headers: { 'content-type': 'text/html' }, body })

export const app = new Koa()

app.use(
  routes([
    {
      method: 'GET',
      path: '/login',
      endpoint: async () => {
        const nonce = await nonces.issue({ clientId: 'login-form' })
        return html(200, `<form method="post"><input type="hidden" name="nonce" value="${nonce.ok ? nonce.token : ''}">…</form>`)
      },
    },
    {
      method: 'POST',
      path: '/login',
      endpoint: async (request) => {
        const form = await readForm(request)
        const spent = await nonces.spend((form.ok && form.value.get('nonce')) || '', 'login')
        return spent.ok
          ? html(200, 'now compare the password')
          : html(401, 'This form was sent already, or is too old. Please load it again.')
      },
    },
  ]),
)
