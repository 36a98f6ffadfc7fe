// Writes down what the endpoints answer and what the stores keep, in recorded/. Everything that is written there is what
// earlier releases did and what stands in stores today: read every line of the difference before you commit it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

if (!process.argv.includes('--record')) {
  console.error('This replaces test/golden/recorded by what the code does now. To do that: node test/golden/record.js --record')
  process.exit(1)
}
const test = fileURLToPath(new URL('..', import.meta.url))
const named = process.argv.slice(2).filter((argument) => argument !== '--record')
const filters = named.length > 0 ? named.map((name) => `golden/${name}`) : ['golden/']
const { status } = spawnSync('node_modules/.bin/vitest', ['run', ...filters, '--maxWorkers=1', '--no-color', '--reporter=default'], {
  cwd: test,
  env: { ...process.env, COUNTERSIGN_GOLDEN: 'record' },
  stdio: 'inherit',
})
process.exit(status ?? 1)
