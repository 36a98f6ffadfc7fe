import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseDocument } from 'yaml'
import { blocksOf } from '../documents/pages.js'
import { type Service, usualUrls } from '../services.js'
import { commands, jobs, servers, workflow, workflows, yamlFiles } from './workflows.js'
import { filesBelow, read, root, workspace } from './workspace.js'

const serviceNames: readonly Service[] = ['redis', 'postgres']
const readmeCommands = (blocksOf('README.md').find(({ language }) => language === 'sh')?.code ?? '').trim().split('\n')

test.each(yamlFiles)('%s is YAML without a mistake', (path) => {
  const { errors, warnings } = parseDocument(read(path))
  expect([...errors, ...warnings].map(({ message }) => message)).toEqual([])
})

describe('a workflow', () => {
  const pnpm = readmeCommands[0]?.split(' ').slice(0, 3).join(' ') ?? ''

  test('runs pnpm in the version of the README, and only scripts that exist', () => {
    expect(pnpm).toMatch(/^npx -y pnpm@\d+\.\d+\.\d+$/)
    const ofPnpm = commands.filter((line) => line.includes('pnpm'))
    expect(ofPnpm.filter((line) => !line.startsWith(`${pnpm} `))).toEqual([])
    const scripts = ofPnpm.map(
      (line) =>
        line
          .slice(pnpm.length + 1)
          .replace(/^--filter '[^']+' /, '')
          .split(' ')[0] ?? '',
    )
    const known = [...Object.keys(workspace.scripts ?? {}), 'install', 'publish', 'sbom']
    expect(scripts.filter((script) => !known.includes(script))).toEqual([])
  })

  test('runs only files that exist', () => {
    const files = commands.flatMap((line) => [...line.matchAll(/\bnode (\S+\.js)/g)].map(([, file = '']) => file))
    expect(files).toContain('scripts/release.js')
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  test('takes actions of GitHub itself by major version, others only by the full hash of a commit', () => {
    const actions = jobs.flatMap(({ steps = [] }) => steps.flatMap(({ uses }) => uses ?? []))
    expect(actions.length).toBeGreaterThan(0)
    expect(actions.filter((action) => !/^((actions|github)\/[\w/-]+@v\d+|[\w./-]+@[0-9a-f]{40})$/.test(action))).toEqual([])
  })

  test('may write nothing but what is listed here, and knows no secret', () => {
    expect(workflows.filter(({ permissions }) => permissions === undefined).map(({ path }) => path)).toEqual([])
    expect(workflows.filter(({ permissions }) => Object.values(permissions ?? {}).includes('write')).map(({ path }) => path)).toEqual([])
    const writers = jobs.flatMap(({ at, permissions = {} }) =>
      Object.keys(permissions)
        .filter((name) => permissions[name] === 'write')
        .map((name) => `${at}: ${name}`),
    )
    expect(writers.sort()).toEqual([
      '.github/workflows/release.yml publish: id-token',
      '.github/workflows/release.yml tag: contents',
      '.github/workflows/release.yml version: contents',
      '.github/workflows/release.yml version: pull-requests',
      '.github/workflows/security.yml codeql: security-events',
    ])
    expect(workflows.filter(({ text }) => /\bsecrets\b|_TOKEN: (?!\$\{\{ github\.token \}\})/.test(text)).map(({ path }) => path)).toEqual(
      [],
    )
  })

  test('ends, and does not run beside itself', () => {
    expect(workflows.filter(({ concurrency }) => concurrency === undefined).map(({ path }) => path)).toEqual([])
    expect(jobs.filter((job) => job.uses === undefined && job['timeout-minutes'] === undefined).map(({ at }) => at)).toEqual([])
  })
})

describe('the workflow of the tests', () => {
  const job = workflow('test').jobs.test
  const versions = job?.strategy?.matrix.node ?? []

  test('runs the commands of the README, all of them and in their order', () => {
    expect(readmeCommands.length).toBe(2)
    expect((job?.steps ?? []).flatMap(({ run }) => run ?? []).slice(-2)).toEqual(readmeCommands)
  })

  test('begins with the Node of engines, and README and CONTRIBUTING name the same versions', () => {
    expect(workspace.engines?.node).toBe(`>=${versions[0]}.0`)
    const listed = `Node ${versions.slice(0, -1).join(', ')} and ${versions.at(-1)}`
    expect(read('README.md')).toContain(listed)
    expect(read('CONTRIBUTING.md')).toContain(listed)
  })

  test('has the servers of compose.yaml at the addresses that the tests take', () => {
    const images = Object.entries(job?.services ?? {}).map(([name, { image }]) => [name, image])
    expect(images).toEqual(Object.entries(servers).map(([name, { image }]) => [name, image]))
    expect(job?.env).toEqual({ REDIS_URL: usualUrls.redis, POSTGRES_URL: usualUrls.postgres })
    for (const name of serviceNames)
      expect(job?.services?.[name]?.ports).toEqual([`${new URL(usualUrls[name]).port}:${new URL(usualUrls[name]).port}`])
  })
})

describe.each(serviceNames)('%s of compose.yaml', (name) => {
  test('is at the usual address, on loopback only, and says when it is ready', () => {
    const { hostname, port } = new URL(usualUrls[name])
    expect(servers[name]?.ports).toEqual([`${hostname}:${port}:${port}`])
    expect(servers[name]?.healthcheck).toMatchObject({ test: expect.arrayContaining(['CMD']) as unknown })
  })

  test('is named in CONTRIBUTING.md with its image and its address', () => {
    const text = read('CONTRIBUTING.md')
    expect(text).toContain('docker compose up --detach --wait')
    expect(text).toContain(`\`${servers[name]?.image}\``)
    expect(text).toContain(`\`${usualUrls[name]}\``)
  })
})

test('CONTRIBUTING.md lists every script of the workspace', () => {
  const listed = [...read('CONTRIBUTING.md').matchAll(/^\| `pnpm ([\w:-]+)` \|/gm)].map(([, script = '']) => script)
  expect(listed.sort()).toEqual(Object.keys(workspace.scripts ?? {}).sort())
})

test('issue forms ask for something, and each field has its own id', () => {
  const forms = filesBelow('.github/ISSUE_TEMPLATE').filter((path) => !path.endsWith('config.yml'))
  expect(forms.length).toBe(2)
  for (const path of forms) {
    const form = parse(read(path)) as {
      name?: string
      description?: string
      body: { type: string; id?: string; validations?: { required: boolean } }[]
    }
    const fields = form.body.filter(({ type }) => type !== 'markdown')
    expect(form).toMatchObject({ name: expect.any(String) as string, description: expect.any(String) as string })
    expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length)
    expect(fields.some(({ validations }) => validations?.required === true)).toBe(true)
  }
})

test('editors indent and break lines as the formatter does', () => {
  const { formatter } = JSON.parse(read('biome.json')) as { formatter: { indentStyle: string; indentWidth: number; lineWidth: number } }
  const [, everywhere = ''] = read('.editorconfig').split(/^\[[^\]]+\]$/m)
  const settings = Object.fromEntries([...everywhere.matchAll(/^(\w+) = (.+)$/gm)].map(([, name = '', value = '']) => [name, value]))
  expect(settings).toMatchObject({
    indent_style: formatter.indentStyle,
    indent_size: `${formatter.indentWidth}`,
    max_line_length: `${formatter.lineWidth}`,
    end_of_line: /eol=(\w+)/.exec(read('.gitattributes'))?.[1],
    insert_final_newline: 'true',
  })
})
