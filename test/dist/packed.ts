import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { pages } from '../documents/pages.js'
import { isTestFile, programsOf } from '../documents/programs.js'
import { roleOf } from '../documents/roles.js'
import { type Manifest, packages, root } from '../structure/workspace.js'
import { runProgram } from './program.js'

/** A package as its users get it. */
export interface Packed {
  readonly name: string
  /** The folder in the workspace. */
  readonly source: string
  /** The tarball. */
  readonly tarball: string
  /** Where the tarball is unpacked. */
  readonly folder: string
}

declare module 'vitest' {
  interface ProvidedContext {
    packed: readonly Packed[]
    /** A folder outside the workspace in which every tarball is installed. */
    consumer: string
  }
}

async function pack(folder: string): Promise<readonly Packed[]> {
  await runProgram(root, 'pnpm', '--filter', './packages/*', 'pack', '--pack-destination', folder)
  const packed = packages.map(({ folder: source, manifest: { name, version } }) => {
    const file = `${name.replace('@', '').replace('/', '-')}-${version}`
    return { name, source, tarball: join(folder, `${file}.tgz`), folder: join(folder, file) }
  })
  for (const { tarball, folder: target } of packed) {
    await mkdir(target)
    await runProgram(target, 'tar', '-xzf', tarball, '--strip-components=1')
  }
  return packed
}

/** What the documents use beside ours. */
const besideUs =
  'express @types/express koa @types/koa @koa/router ws @types/ws @types/node jwks-rsa ioredis redis pg @types/pg libsql undici @opentelemetry/api prom-client pino'
const beside: readonly string[] = besideUs.split(' ')

/** Versions of what the consumer has beside ours: the ones that the tests use. */
async function installedVersion(name: string): Promise<readonly [string, string]> {
  const { version } = JSON.parse(await readFile(join(root, 'test/node_modules', name, 'package.json'), 'utf8')) as Manifest
  return [name, version ?? '*']
}

/** The programs of the documents, as far as they need no test runner. */
async function writePrograms(folder: string): Promise<void> {
  const programs = pages.flatMap(programsOf).filter((program) => roleOf(program.block) === 'program' && !isTestFile(program))
  for (const { id, source } of programs) await writeFile(join(folder, basename(id)), source)
}

async function createConsumer(folder: string, packed: readonly Packed[]): Promise<void> {
  await cp(join(root, 'test/dist/consumer'), folder, { recursive: true })
  await writePrograms(folder)
  const ours = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]))
  const others = await Promise.all(beside.map(installedVersion))
  const manifest = { private: true, type: 'module', dependencies: { ...ours, ...Object.fromEntries(others) } }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  // what a tarball needs of ours comes from the tarballs too
  await writeFile(join(folder, 'pnpm-workspace.yaml'), JSON.stringify({ packages: ['.'], overrides: ours }))
  await runProgram(folder, 'pnpm', 'install', '--prefer-offline', '--no-frozen-lockfile')
}

/** Packs and installs once for all suites of this folder. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-packed-'))
  const consumer = join(folder, 'consumer')
  const packed = await pack(folder)
  await createConsumer(consumer, packed)
  project.provide('packed', packed)
  project.provide('consumer', consumer)
  return () => rm(folder, { recursive: true, force: true })
}
