import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vitepress'
import { gather } from './gather.js'
import { writeLanding } from './landing.js'
import { writeReference } from './reference.js'
import { site, writeTwins } from './twins.js'

/** Makes the site: `dist/` can be served as it is. */
const startedAt = performance.now()
rmSync(site, { recursive: true, force: true })
gather()
writeLanding()
await writeReference()
await build(fileURLToPath(new URL('..', import.meta.url)))
writeTwins()
process.stdout.write(`docs-site: built in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`)
