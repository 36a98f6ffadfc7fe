import { cp, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { root } from '../structure/workspace.js'
import { runProgram } from './program.js'
import { specifiersOf } from './specifiers.js'

const source = join(root, 'test/dist/commonjs')
const installed = join(source, 'node_modules')
/** Below the folder in which the tarballs are installed, so that nothing else of ours can be found. */
const apps = join(inject('consumer'), 'commonjs')

const compile = (folder: string): Promise<string> => runProgram(folder, 'node', join(installed, 'typescript/bin/tsc'), '-p', '.')
const jest = (folder: string): Promise<string> => runProgram(folder, 'node', join(installed, 'jest/bin/jest.js'), '--ci')
const evaluate = async (code: string): Promise<unknown> =>
  JSON.parse(await runProgram(apps, 'node', '--no-warnings', '--input-type=commonjs', '-p', `JSON.stringify(${code})`))

beforeAll(async () => {
  await cp(source, apps, { recursive: true, filter: (path) => basename(path) !== 'node_modules' })
  await symlink(installed, join(apps, 'node_modules'))
})

describe('an app in CommonJS that installed the tarballs', () => {
  test('compiles under TypeScript 5 with module commonjs, and what was compiled runs', async () => {
    const names = inject('packed').flatMap(specifiersOf)
    const lines = names.map((name, index) => `import * as m${index} from '${name}'\nexport const n${index}: object = m${index}\n`)
    await writeFile(join(apps, 'typescript/everything.ts'), lines.join(''))
    expect(await compile(join(apps, 'typescript'))).toBe('')
    expect(await evaluate(`Object.keys(require('./typescript/dist/everything.js'))`)).toHaveLength(names.length)
    expect(await evaluate(`Object.keys(require('./typescript/dist/app.js'))`)).toEqual(['createApp'])
  })

  test.each(['typescript', 'javascript'])('runs its tests under Jest, written in %s', async (folder) => {
    expect(await jest(join(apps, folder))).toMatch(/^Tests: +2 passed, 2 total$/m)
  })
})
