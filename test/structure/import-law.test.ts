import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesBelow, importsOf, type Member, packages, read, sources, withoutComments } from './workspace.js'

const scope = '@countersign/'
/** It puts the parts together, and nothing imports it. */
const assembly = 'countersign'
const anyOfOurs = packages.map(({ manifest }) => manifest.name)
const isOurs = (specifier: string): boolean => specifier.startsWith(scope) || packageOf(specifier) === assembly
const allButItself = anyOfOurs.filter((name) => name !== assembly)

/** What a package may have of ours. A package that is not named here stands on core and jwt. */
const allowances: Readonly<Record<string, readonly string[]>> = {
  '@countersign/core': [],
  '@countersign/jwt': ['@countersign/core'],
  '@countersign/testkit': allButItself,
  [assembly]: allButItself.filter((name) => name !== '@countersign/testkit'),
}

function allowed({ manifest }: Member): readonly string[] {
  return allowances[manifest.name] ?? ['@countersign/core', '@countersign/jwt']
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function imports({ folder }: Member): readonly { readonly file: string; readonly specifier: string }[] {
  return sources
    .filter((file) => file.startsWith(`${folder}/`))
    .flatMap((file) => importsOf(read(file)).map((specifier) => ({ file, specifier })))
}

describe.each(packages)('$manifest.name', (member) => {
  const { folder, manifest } = member
  const shipped = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }

  test('declares nothing of ours beyond what the law allows', () => {
    const declared = Object.keys({ ...shipped, ...manifest.devDependencies }).filter(isOurs)
    expect(declared.filter((name) => !allowed(member).includes(name))).toEqual([])
  })

  test('imports nothing of ours beyond what the law allows', () => {
    const ours = imports(member).filter(({ specifier }) => isOurs(specifier))
    expect(ours.filter(({ specifier }) => !allowed(member).includes(packageOf(specifier)))).toEqual([])
  })

  test('imports only what its users get installed', () => {
    const foreign = imports(member).filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    expect(foreign.filter(({ specifier }) => !(packageOf(specifier) in shipped))).toEqual([])
  })

  test('imports no file outside its own source', () => {
    const relative = imports(member).filter(({ specifier }) => specifier.startsWith('.'))
    const outside = relative.filter(({ file, specifier }) => !new URL(specifier, `file:///${file}`).pathname.startsWith(`/${folder}/src/`))
    expect(outside).toEqual([])
  })
})

test('only the packages that SECURITY.md names install packages of third parties', () => {
  const installing = packages.filter(({ manifest: { dependencies, optionalDependencies } }) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).some((name) => !isOurs(name)),
  )
  expect(installing.map(({ folder }) => folder)).toEqual(['packages/cli', 'packages/cognito', 'packages/testkit'])
  expect(read('SECURITY.md')).toContain('Only `cli`, `cognito` (the AWS SDK) and `testkit` install packages of third parties.')
})

test('the testkit is declared by private members only', () => {
  const declaring = packages.filter(
    ({ manifest }) =>
      '@countersign/testkit' in
      { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies, ...manifest.devDependencies },
  )
  expect(declaring.map(({ folder }) => folder)).toEqual([])
})

test('the assembly has at most 400 lines of code, and imports the entries of packages and nothing below them', () => {
  const files = filesBelow('packages/countersign/src')
  const code = files.filter((file) => !file.endsWith('/index.ts')).flatMap((file) => withoutComments(read(file)).split('\n'))
  expect(code.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(400)
  const entries = packages.flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {}).map((subpath) => posix.join(manifest.name, subpath)),
  )
  const imported = files.flatMap((file) => importsOf(read(file))).filter((specifier) => !specifier.startsWith('.'))
  expect(imported.filter((specifier) => !specifier.startsWith('node:') && !entries.includes(specifier))).toEqual([])
})

test('nothing that is shipped imports the assembly', () => {
  const importing = sources.filter((file) => importsOf(read(file)).some((specifier) => packageOf(specifier) === assembly))
  expect(importing).toEqual([])
})

test('what looks like an import in a comment or a string is not one, and the other forms are', () => {
  const text = `// import 'a'\n/* from 'b' */\nimport { c } from 'c'\nexport * from "d"\nawait import('e')\nimport 'f'\nconst s = 'x // y'; import g from 'g'`
  expect(importsOf(text)).toEqual(['c', 'd', 'e', 'f', 'g'])
})
