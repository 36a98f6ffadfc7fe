import { passes, run } from './check.js'

const options = process.argv.slice(2).filter((arg) => arg !== '--')

if (await passes({ name: 'build', command: 'tsc', args: ['--build', 'bench'] })) {
  const { code } = await run({ command: 'node', args: ['bench/dist/main.js', ...options] })
  process.exitCode = code
} else process.exitCode = 1
