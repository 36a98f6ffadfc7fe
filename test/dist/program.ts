import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { root } from '../structure/workspace.js'

const path = [join(root, 'test/node_modules/.bin'), join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)

/** Runs a program; resolves to what it printed, rejects with the same if it fails. */
export function runProgram(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { cwd, env: { ...process.env, PATH: path, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      const output = Buffer.concat(chunks).toString()
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}\n${output}`))
    })
  })
}
