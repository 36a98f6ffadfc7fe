import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { vi } from 'vitest'
import { quietPool } from '../postgres/postgres-backend.js'
import { bundleProcess } from '../stores/process-bundle.js'
import { read, root } from '../structure/workspace.js'
import { brokenPromises, isAnswer, promisesIn, resembles } from './output.js'
import { type Block, blocksOf } from './pages.js'
import { documentPrograms } from './plugin.js'
import { contextPath, type Program, programsOf } from './programs.js'
import { roleOf } from './roles.js'
import { openShell, type Shell } from './shell.js'
import { openStage, type Stage } from './stage.js'
import { elsewhere, readFromOutput } from './substitutions.js'
import { uses } from './uses/index.js'
import type { Ran } from './uses/use.js'

/** A page while its blocks are run, one after the other. */
export interface Play {
  run(block: Block): Promise<void>
  close(): Promise<void>
}

interface Scene {
  readonly page: string
  readonly stage: Stage
  readonly shell: Shell
  /** What curl got last. */
  answer: string
}

function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message)
}

/** The variables that somebody sets who reads what was printed. */
async function fromOutput({ stage, shell }: Scene): Promise<NodeJS.ProcessEnv> {
  const text = stage.printed.join('\n') + (await shell.printed())
  const found = Object.entries(readFromOutput).map(([name, pattern]) => {
    const last = [...text.matchAll(pattern)].at(-1)
    return [name, last?.[1] ?? last?.[0]]
  })
  return Object.fromEntries(found.filter(([, value]) => value !== undefined))
}

async function runCommands(scene: Scene, code: string): Promise<string> {
  const { stage, shell } = scene
  const port = await stage.port()
  const ran = await shell.run(code, { ...stage.env, ...(await fromOutput(scene)), ...(port && { DOCUMENT_PORT: String(port) }) })
  Object.assign(stage.env, ran.env)
  const promises = [...promisesIn(code, '#')]
  for (const { status, body } of ran.answers) {
    const line = `${status} ${body}`
    if (promises[0] !== undefined && isAnswer(line, promises[0])) promises.shift()
    else demand(status < 400, `curl was answered ${line}`)
    scene.answer = body
  }
  demand(promises.length === 0, `not answered as the page says: ${promises[0]}; curl got ${JSON.stringify(ran.answers)}`)
  return ran.stdout
}

/** Each command with a `$` before it, and the lines that it must print. */
async function runConsole(scene: Scene, block: Block): Promise<void> {
  const [, ...commands] = `\n${block.code}`.split(/\n\$ /)
  for (const command of commands) {
    const [line = '', ...expected] = command.split('\n')
    const { stdout } = await scene.shell.run(line, { ...scene.stage.env, DOCUMENT_PORT: String(await scene.stage.port()) })
    const lines = stdout.split(/\r?\n/)
    const missing = brokenPromises(expected.filter(Boolean), lines)
    demand(missing.length === 0, `not printed: ${missing[0]}; printed was\n${stdout}`)
  }
}

const asksByCurl = (page: string): boolean =>
  blocksOf(page).some((block) => ['commands', 'console'].includes(roleOf(block)) && block.code.includes('curl '))

/** Uses what a program exports; a function that nobody calls would have run in name only. */
async function useModule(page: string, module: Readonly<Record<string, unknown>>, ran: Omit<Ran, 'module'>): Promise<void> {
  const known = uses[page] ?? {}
  for (const [name, value] of Object.entries(module)) {
    const use = known[name]
    demand(
      use !== undefined || typeof value !== 'function' || ran.isListening,
      `the export ${name} must be used: add it to test/documents/uses`,
    )
    await use?.(value as never, { ...ran, module })
  }
  if (!ran.isListening) return
  demand(
    known.listening !== undefined || asksByCurl(page),
    'the program listens and nothing is sent to it: add `listening` to test/documents/uses',
  )
  await known.listening?.(undefined as never, { ...ran, module })
}

async function runProgram(scene: Scene, program: Program): Promise<void> {
  const { stage, shell, page } = scene
  for (const [name, value] of Object.entries(stage.env)) vi.stubEnv(name, value)
  const from = stage.printed.length
  const before = stage.listened()
  const cwd = process.cwd()
  process.chdir(shell.folder)
  try {
    const module = (await import(/* @vite-ignore */ program.id)) as Record<string, unknown>
    const broken = brokenPromises(promisesIn(program.source, '//'), stage.printed.slice(from))
    demand(broken.length === 0, `not printed: ${broken[0]}; printed was\n${stage.printed.slice(from).join('\n')}`)
    const isListening = stage.listened() > before
    await useModule(page, module, {
      url: `http://127.0.0.1:${await stage.port()}`,
      printed: stage.printed,
      folder: shell.folder,
      source: program.source,
      isListening,
    })
  } finally {
    process.chdir(cwd)
    vi.unstubAllEnvs()
  }
}

/** A program with tests of its own runs in a process of its own. */
async function runTests({ stage }: Scene, program: Program): Promise<void> {
  const bundle = await bundleProcess(program.id, [documentPrograms])
  try {
    await promisify(execFile)(process.execPath, [bundle.path], { env: stage.env, timeout: 30_000 })
  } finally {
    await bundle.remove()
  }
}

const runner = ({ source }: Program): typeof runProgram => (source.includes("from 'node:test'") ? runTests : runProgram)

async function runSql({ stage, page }: Scene, code: string): Promise<void> {
  const pool = quietPool(stage.env.POSTGRES_URL ?? '', { max: 1 })
  try {
    // Roles are of the whole server: what is done here must not be seen elsewhere.
    await pool.query(`begin; create role app; ${code}; rollback`)
  } catch (error) {
    throw new Error(`${page}: the statements fail`, { cause: error })
  } finally {
    await pool.end()
  }
}

/** @returns what is done with a block of each role */
function actions(scene: Scene): Readonly<Record<ReturnType<typeof roleOf>, (block: Block) => unknown>> {
  const run = (block: Block): unknown => {
    const program = programsOf(scene.page).find((one) => one.block.line === block.line)
    demand(program !== undefined, 'the block is of no program')
    return runner(program)(scene, program)
  }
  return {
    program: run,
    fragment: run,
    continues: () => undefined,
    is: ({ code, marks: [, path = ''] }) => demand(code === read(path), `the block must be the text of ${path}`),
    commands: ({ code }) => runCommands(scene, code),
    console: (block) => runConsole(scene, block),
    elsewhere: ({ code }) => {
      const commands = code.split('\n').map((line) => line.replace(/(^|\s)#.*/, '').trim())
      const other = commands.find((line) => line !== '' && !elsewhere.some((pattern) => pattern.test(line)))
      demand(other === undefined, `a command that can be run here: ${other}`)
    },
    sql: ({ code }) => runSql(scene, code),
    answer: ({ code }) => demand(resembles(JSON.parse(scene.answer), JSON.parse(code)), `curl was answered ${scene.answer}`),
    file: ({ code }) => JSON.parse(code) as unknown, // written when the page was opened
    shown: ({ code }) => JSON.parse(code) as unknown,
    prose: () => undefined,
  }
}

/** Opens a page: its files are there before the first block runs. */
export async function openPlay(page: string): Promise<Play> {
  const context = contextPath(page)
  const text = read(page) + (existsSync(join(root, context)) ? read(context) : '')
  const [stage, shell] = [await openStage(text), await openShell()]
  const scene: Scene = { page, stage, shell, answer: '' }
  for (const block of blocksOf(page).filter((one) => roleOf(one) === 'file')) {
    await writeFile(join(shell.folder, block.marks[1] ?? ''), block.code)
  }
  const act = actions(scene)
  return {
    async run(block) {
      await act[roleOf(block)](block)
    },
    async close() {
      await shell.remove()
      await stage.close()
    },
  }
}
