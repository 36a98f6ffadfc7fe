import { randomBytes } from 'node:crypto'
import { createClients } from '@countersign/grants'
import { type Figures, honestClient, noFigures, type World } from './honest-client.js'
import { openStores } from './open-stores.js'
import { type ClientKind, clientIds, issuer, type Place, signInType } from './setup.js'
import { startWorkers, type Workers } from './workers.js'

/** What is done to the servers while clients use them. */
export interface Trouble {
  readonly name: string
  readonly times: number
  run(workers: Workers): Promise<void>
}

/** How large a campaign is. */
export interface CampaignSize {
  readonly clients: number
  readonly rotations: number
  /** Between two troubles. */
  readonly pauseMs: number
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The troubles in turns, so that each kind meets all others. */
function interleaved(troubles: readonly Trouble[]): readonly Trouble[] {
  const most = Math.max(...troubles.map(({ times }) => times))
  return Array.from({ length: most }, (_, round) => troubles.filter(({ times }) => round < times)).flat()
}

async function registerClients(place: Place, secret: string): Promise<Record<ClientKind, string>> {
  const { stores, close } = openStores(place)
  const clients = createClients({ store: stores.clients, pepper: { current: { id: '1', secret } }, issuer })
  const common = { grants: [signInType, 'refresh_token'], scopes: ['read'], refresh: { policy: 'rotating' } } as const
  const registered = await clients.register({ ...common, id: clientIds.confidential })
  await clients.register({ ...common, id: clientIds.public, authMethods: ['none'] })
  await close()
  return { confidential: (registered.ok && registered.secret?.secret) || '', public: '' }
}

/** Runs honest clients against two servers that have trouble with each other and with their store. */
export async function campaign(place: Place, troubles: readonly Trouble[], size: CampaignSize): Promise<Figures> {
  const secret = randomBytes(32).toString('base64')
  const secrets = await registerClients(place, secret)
  const workers = await startWorkers({ place, secret }, 2)
  const { stores, close } = openStores(place)
  const figures = noFigures()
  const state = { isOn: true }
  const world: World = {
    figures,
    secrets,
    isOn: () => state.isOn,
    server: () => workers.next(),
    async generationOf(family) {
      for (let tries = 0; tries < 100; tries += 1) {
        const found = await stores.families.find(family).catch(() => 'down' as const)
        if (found !== 'down') return found?.generation
        await pause(100)
      }
      return undefined
    },
  }
  // Two of three authenticate themselves.
  const kindOf = (number: number): ClientKind => (number % 3 === 0 ? 'public' : 'confidential')
  const living = Promise.all(Array.from({ length: size.clients }, (_, number) => honestClient(kindOf(number), `user ${number}`, world)))
  await pause(500)
  for (const { run } of interleaved(troubles)) {
    await run(workers)
    await pause(size.pauseMs)
  }
  for (let tries = 0; figures.rotations < size.rotations && tries < 12_000; tries += 1) await pause(100)
  state.isOn = false
  await living
  await close()
  await workers.close()
  return figures
}
