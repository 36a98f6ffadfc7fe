import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { createKeyRegistry } from '@countersign/keys'

const { keys: store, revocations } = memoryStores()
const encryption = { current: { id: '1', secret: randomBytes(32) } }
export const keys = createKeyRegistry({ issuer: 'https://api.example', store, revocations, encryption })
await keys.ready()
export const kid = (await keys.signing.list())[0]?.kid ?? ''
