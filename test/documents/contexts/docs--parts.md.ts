import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createClients, createTokenEndpoint } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import Router from '@koa/router'
import Koa from 'koa'

export { handle, routes } from '@countersign/koa'
export const router = new Router()
export const app = new Koa()
const issuer = 'https://api.example'
const stores = memoryStores()
const secret = { current: { id: '1', secret: randomBytes(32) } }
const clients = createClients({ issuer, store: stores.clients, pepper: secret })
const grants = [clientCredentials()]
export const keys = createKeyRegistry({ issuer, store: stores.keys, encryption: secret })
export const tokenEndpoint = createTokenEndpoint({ issuer, audience: issuer, signer: keys.signer, stores, clients, grants })
