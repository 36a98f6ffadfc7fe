import { postgresStores } from '@countersign/postgres'
import { serveStores } from '@countersign/testkit'
import { type ProcessSetup, patientMs, quietPool } from './postgres-backend.js'

const { url, schema, tenant } = JSON.parse(process.argv[2] ?? '') as ProcessSetup
const stores = postgresStores(quietPool(url), { schema, tenant, maxWaitMs: patientMs })
await stores.ready()
serveStores(stores)
