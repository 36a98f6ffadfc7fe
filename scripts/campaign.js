import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, run } from './check.js'

/** A campaign that is larger than the one of the tests: `pnpm campaign -- postgres --rotations 100000`. */
const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  allowPositionals: true,
  options: {
    rotations: { type: 'string', default: '20000' },
    clients: { type: 'string', default: '200' },
    times: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '30' },
  },
})

const names = { redis: 'on Redis', postgres: 'on PostgreSQL' }
const unknown = positionals.filter((name) => !Object.hasOwn(names, name))
if (unknown.length > 0) {
  process.stderr.write(`campaign: the name must be one of ${Object.keys(names).join(', ')}, got ${unknown.join(', ')}\n`)
  process.exit(1)
}
for (const [name, value] of Object.entries(values)) {
  if (!(Number(value) > 0)) {
    process.stderr.write(`campaign: --${name} must be a positive number, got ${value}\n`)
    process.exit(1)
  }
  process.env[`CAMPAIGN_${name.toUpperCase()}`] = value
}
const only = positionals.flatMap((name) => ['-t', names[name]])
const args = ['run', 'campaign', '--disable-console-intercept', ...only]
const { code } = await run({ command: 'vitest', args, cwd: join(root, 'test') }, 'inherit', Number(values.minutes) * 180)
process.exitCode = code
