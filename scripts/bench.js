import { passes, run } from './check.js'

const options = process.argv.slice(2).filter((arg) => arg !== '--')
// a bench by itself: it starts servers of its own, and takes a quarter of an hour
const [program, args] =
  options[0] === 'scale' ? ['scale/main.js', ['--json', 'bench/results/scale.json', ...options.slice(1)]] : ['main.js', options]

if (await passes({ name: 'build', command: 'tsc', args: ['--build', 'bench'] })) {
  const { code } = await run({ command: 'node', args: [`bench/dist/${program}`, ...args] }, 'inherit', 3_600)
  process.exitCode = code
} else process.exitCode = 1
