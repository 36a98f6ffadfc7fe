import { passes, run } from './check.js'

const options = process.argv.slice(2).filter((arg) => arg !== '--')
/** An hour, for the longest bench. */
const limitSeconds = 3_600

/**
 * @param {readonly string[]} args
 * @param {string} [node] - a version that npx fetches; default: the one that runs
 */
async function bench(args, node) {
  const [command, before] = node === undefined ? ['node', []] : ['npx', ['-y', `node@${node}`]]
  return (await run({ command, args: [...before, ...args] }, 'inherit', limitSeconds)).code
}

/** The same benches on several versions of Node, one after the other; results of each go to a file. @param {readonly string[]} nodes */
async function benchOn(nodes) {
  for (const node of nodes) {
    const code = await bench(['bench/dist/main.js', '--json', `bench/results/node-${node}.json`, ...options], node)
    if (code !== 0) return code
  }
  return 0
}

const nodes = options[options.indexOf('--nodes') + 1]?.split(',') ?? []
const start = () => {
  // a bench by itself: it starts servers of its own, and takes a quarter of an hour
  if (options[0] === 'scale') return bench(['bench/dist/scale/main.js', '--json', 'bench/results/scale.json', ...options.slice(1)])
  return options.includes('--nodes') ? benchOn(nodes) : bench(['bench/dist/main.js', ...options])
}

process.exitCode = (await passes({ name: 'build', command: 'tsc', args: ['--build', 'bench'] })) ? await start() : 1
