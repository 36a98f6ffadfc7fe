import { once } from 'node:events'
import { Redis } from 'ioredis'
import { entryOf, listeningTenant, type Tenant } from './many-tenants.js'

/** Subscribes for some tenants, and ends things in the order that it is told: nothing may keep the process alive. */
const { url, order } = JSON.parse(process.argv[2] ?? '') as { readonly url: string; readonly order: string }
const client = new Redis(url)
const prefix = `ending-${process.pid}`
const tenants: readonly Tenant[] = Array.from({ length: 5 }, (_, at) => listeningTenant(client, prefix, `${at}`))

async function end(step: string): Promise<void> {
  if (step === 'quit') await client.quit()
  if (step === 'disconnect') client.disconnect()
  if (step === 'close') await Promise.all(tenants.map(({ stores }) => stores.close()))
}

async function endInOrder(): Promise<void> {
  if (order.endsWith(' at once')) {
    await once(client, 'connect')
    process.send?.('ending')
    await Promise.all(order.slice(0, -' at once'.length).split(' and ').map(end))
    return
  }
  await tenants[0]?.stores.revocations.revoke(entryOf('one'), { ttlMs: 60_000 })
  while (tenants.some(({ calls }) => calls() === 0)) await new Promise((resolve) => setTimeout(resolve, 10))
  process.send?.('ending')
  for (const step of order.split(', ')) await end(step)
}

await endInOrder()
