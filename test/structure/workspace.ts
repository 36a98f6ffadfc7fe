import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds the workspace. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url))

const generated: readonly string[] = ['node_modules', 'dist', '.git', '.cache', 'coverage']

/** Paths of all files below a folder, relative to the workspace with `/`; nothing that is generated. */
export function filesBelow(folder: string): readonly string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (generated.includes(entry.name) && path !== join('test', 'dist')) continue
    if (entry.isDirectory()) found.push(...filesBelow(path))
    else if (!entry.name.endsWith('.tsbuildinfo') && !entry.name.endsWith('.tgz')) found.push(path.split(sep).join('/'))
  }
  return found
}

/** The text of a file. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

type Conditions = Readonly<Record<string, string>>

/** The fields of a package.json that the tests look at. */
export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly version?: string
  readonly license?: string
  readonly type?: string
  readonly sideEffects?: boolean
  readonly files?: readonly string[]
  readonly main?: string
  readonly types?: string
  readonly typesVersions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly engines?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, Conditions>>
  readonly publishConfig?: { readonly access?: string; readonly exports?: Readonly<Record<string, Conditions>> }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** One member of the workspace. */
export interface Member {
  /** Relative to the workspace, for instance `packages/core`. */
  readonly folder: string
  readonly manifest: Manifest
}

function readManifest(folder: string): Manifest {
  return JSON.parse(read(`${folder}/package.json`)) as Manifest
}

function membersIn(folder: string): readonly Member[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, folder, entry.name, 'package.json')))
    .map((entry) => ({ folder: `${folder}/${entry.name}`, manifest: readManifest(`${folder}/${entry.name}`) }))
}

/** The manifest of the workspace itself. */
export const workspace: Manifest = readManifest('.')
/** What is published. */
export const packages: readonly Member[] = membersIn('packages')
/** What is not: the tests, the benchmarks, the examples. */
export const privateMembers: readonly Member[] = [
  { folder: 'test', manifest: readManifest('test') },
  ...(existsSync(join(root, 'bench/package.json')) ? [{ folder: 'bench', manifest: readManifest('bench') }] : []),
  { folder: 'docs-site', manifest: readManifest('docs-site') },
  ...membersIn('examples'),
  { folder: 'test/dist/commonjs', manifest: readManifest('test/dist/commonjs') },
]

/** All TypeScript files of the packages' own source. */
export const sources: readonly string[] = packages
  .flatMap(({ folder }) => filesBelow(`${folder}/src`))
  .filter((path) => path.endsWith('.ts'))

/** Path of the source file that a relative import means. */
export function resolveImport(importer: string, specifier: string): string {
  return posix.join(posix.dirname(importer), specifier.replace(/\.js$/, '.ts'))
}

/** The text with comments blanked, line breaks kept. Good enough for code that a formatter wrote. */
export function withoutComments(text: string): string {
  const blank = (comment: string): string => comment.replace(/[^\n]/g, ' ')
  return text.replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/g,
    (found, quoted?: string) => quoted ?? blank(found),
  )
}

/** What a file imports, statically or not, as written. */
export function importsOf(text: string): readonly string[] {
  const imports = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])([^'"\n]+)\1/g
  return [...withoutComments(text).matchAll(imports)].map((match) => match[2] ?? '')
}
