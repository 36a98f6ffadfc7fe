import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build, run } from './check.js'

// Only what the demo is made of: a fresh machine need not build the rest first.
const { code, output } = await run({ ...build, args: [...build.args, 'examples/demo'] }, 'pipe')
if (code !== 0) {
  process.stderr.write(output)
  process.exit(1)
}

const main = fileURLToPath(new URL('../examples/demo/dist/main.js', import.meta.url))
const demo = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill(signal))
demo.on('exit', (exitCode) => {
  process.exitCode = exitCode ?? 1
})
