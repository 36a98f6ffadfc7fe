import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { runProgram } from './program.js'

const consumer = inject('consumer')
const folders: string[] = []
const running: ChildProcess[] = []

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

afterAll(async () => {
  for (const child of running) {
    const left = once(child, 'exit')
    if (child.exitCode === null && child.kill('SIGTERM')) await left
  }
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

/** Asks until the route answers: the app needs a moment to start. */
async function statusOf(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    try {
      return (await fetch(url, { headers })).status
    } catch (error) {
      if (tries >= 400) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

const bin = join(consumer, 'node_modules/.bin/countersign')

describe.each([
  ['express', 'typescript'],
  ['koa', 'javascript'],
])('countersign init in an empty folder, for %s and %s', (framework, language) => {
  test('gives a guarded route that answers', async () => {
    // Beside the folder in which the tarballs are installed, whose packages stand for what npm install would fetch.
    const folder = await mkdtemp(join(tmpdir(), 'countersign-init-'))
    folders.push(folder)
    await runProgram(folder, bin, 'init', '--framework', framework, '--language', language)
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    expect(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })).toEqual(
      expect.arrayContaining(['@countersign/verifier', '@countersign/cli', framework]),
    )

    expect(manifest.scripts.dev).toBe(`countersign dev-issuer src/app.${language === 'typescript' ? 'ts' : 'js'}`)
    const [apiPort, keysPort] = [await freePort(), await freePort()]
    const extension = language === 'typescript' ? 'ts' : 'js'
    for (const file of [`countersign.config.${extension}`, `src/app.${extension}`]) {
      const text = await readFile(join(folder, file), 'utf8')
      await writeFile(join(folder, file), text.replaceAll('3000', String(apiPort)).replaceAll('4000', String(keysPort)))
    }
    await symlink(join(consumer, 'node_modules'), join(folder, 'node_modules'))

    const dev = spawn(bin, ['dev-issuer', '--port', String(keysPort), `src/app.${extension}`], {
      cwd: folder,
      stdio: 'ignore',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    running.push(dev)
    const url = `http://127.0.0.1:${apiPort}/me`
    expect(await statusOf(url)).toBe(401)
    const issuer = `http://localhost:${keysPort}`
    const minted = await runProgram(folder, bin, 'token', 'mint', '--issuer', issuer, '--audience', `http://localhost:${apiPort}`)
    expect(await statusOf(url, { authorization: `Bearer ${minted.trim()}` })).toBe(200)

    await writeFile(join(folder, 'token.txt'), minted)
    expect(await runProgram(folder, 'sh', '-c', `${bin} explain < token.txt`)).toContain('admitted (as "development")')
    expect(JSON.parse(await runProgram(folder, bin, 'doctor', '--json'))).toMatchObject({ ok: true })
  })
})
