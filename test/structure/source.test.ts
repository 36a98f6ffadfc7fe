import { describe, expect, test } from 'vitest'
import { type ExportedName, passedOn } from './exports.js'
import { filesBelow, packages, read, sources, withoutComments } from './workspace.js'

/** Lines of code (no comments) that match, as `file:line text`. */
function linesThatMatch(files: readonly string[], pattern: RegExp): readonly string[] {
  return files.flatMap((file) =>
    withoutComments(read(file))
      .split('\n')
      .map((line, index) => ({ line, at: `${file}:${index + 1} ${line.trim()}` }))
      .filter(({ line }) => pattern.test(line))
      .map(({ at }) => at),
  )
}

describe('a package', () => {
  test('reads no environment', () => {
    // The command is a process of its own: its first file gives the environment to the others.
    const others = sources.filter((file) => file !== 'packages/cli/src/bin.ts')
    expect(linesThatMatch(others, /\bprocess\b.*\benv\b|from 'node:process'/)).toEqual([])
  })

  // a formatter keeps the top level of a module at column 0
  // The one exception: what belongs to a connection of the host's is shared by all stores on it, and goes with it.
  test('has no module-level state but by the pool or client of the host', () => {
    const state = linesThatMatch(sources, /^(export )?(let|var) |^(export )?const [^=]*= new (Weak)?(Map|Set)(<.*>)?\(\)/)
    expect(state.filter((line) => !/const shared = new WeakMap<(PostgresPool|(Node)?RedisClient|SqliteDatabase), /.test(line))).toEqual([])
  })

  test('takes time and randomness as options, except the testkit, which makes up tokens', () => {
    const shipped = sources.filter((path) => !path.startsWith('packages/testkit/') && path !== 'packages/core/src/clock.ts')
    expect(linesThatMatch(shipped, /\bDate\.now\(\)|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(\)/)).toEqual([])
  })

  // A default that is captured when a factory is called does not see fake timers or a mock of fetch that come later.
  test('has its defaults for time, randomness and fetch from core, which looks them up at each call', () => {
    // The last one puts back the clock that it replaced.
    const once = ['core/src/clock.ts', 'core/src/fetch.ts', 'testkit/src/store-conformance/faults/clock-cases.ts']
    const others = sources.filter((path) => !once.includes(path.replace('packages/', '')))
    expect(linesThatMatch(others, /(\?\?|=|:|\() ?(Date\.now|Math\.random|performance\.now|(globalThis\.)?fetch)\b(?!\()/)).toEqual([])
  })

  test('builds no RegExp', () => {
    expect(linesThatMatch(sources, /\bRegExp\(/)).toEqual([])
  })

  test('has no class but errors, and the strategy, which passport wants to be made with new', () => {
    const classes = linesThatMatch(sources, /^\s*(export )?(abstract )?class (?!.* extends \w*Error\b)/)
    expect(classes.filter((line) => !line.includes('class CountersignStrategy<'))).toEqual([])
  })
})

test('no escape from the type checker, the linters or the test runner', () => {
  const files = ['packages', 'examples', 'test', 'bench', 'scripts'].flatMap(filesBelow).filter((path) => /\.(ts|js)$/.test(path))
  const escapes = files.filter((path) => {
    const text = read(path)
    const typeTest = path.startsWith('test/types/')
    return (
      (typeTest ? /@ts-(ignore|nocheck)/ : /@ts-(ignore|expect-error|nocheck)/).test(text) ||
      /(biome-ignore|oxlint-disable|eslint-disable)/.test(text)
    )
  })
  expect(escapes.filter((path) => path !== 'test/structure/source.test.ts')).toEqual([])
})

/** Whether a doc comment ends on the line above the (first) declaration, wherever that is. */
function isDocumented({ name, file }: ExportedName): boolean {
  const further = passedOn(file).find((exported) => exported.name === name)
  if (further !== undefined) return isDocumented(further)
  const lines = read(file).split('\n')
  const declares = new RegExp(`^export (declare )?(abstract )?(async )?(function\\*?|const|class|interface|type) ${name}\\b`)
  const first = lines.findIndex((line) => declares.test(line))
  return first > 0 && (lines[first - 1] ?? '').trimEnd().endsWith('*/')
}

/** What an index exports. */
function exportedNames(index: string): readonly ExportedName[] {
  const declared = withoutComments(read(index)).matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm)
  return [...passedOn(index), ...[...declared].map(([, name = '']) => ({ name, file: index }))]
}

const entryPoints = packages.flatMap(({ folder, manifest }) =>
  Object.values(manifest.exports ?? {}).map((conditions) => `${folder}/${conditions['@countersign/source']?.slice(2)}`),
)

describe.each(entryPoints)('%s', (index) => {
  test('exports by name', () => {
    expect(linesThatMatch([index], /^export (\*|default)/)).toEqual([])
  })

  test('exports nothing without a docstring', () => {
    const names = exportedNames(index)
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !isDocumented(name))).toEqual([])
  })
})
