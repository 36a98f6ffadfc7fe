import { packages, read, resolveImport, withoutComments } from './workspace.js'

/** A name and the file that exports it. */
export interface ExportedName {
  readonly name: string
  readonly file: string
}

function namesIn(list: string): readonly string[] {
  const names = list.split(',').map((name) => {
    const [first = ''] = name
      .trim()
      .replace(/^type /, '')
      .split(' as ')
    return first
  })
  return names.filter((name) => name !== '')
}

/** What a file passes on from its neighbours. What comes from another package is told there. */
export function passedOn(file: string): readonly ExportedName[] {
  const statements = withoutComments(read(file)).matchAll(/^export (?:type )?\{([^}]*)\} from '(\.[^']*)'/gm)
  return [...statements].flatMap(([, names = '', specifier = '']) =>
    namesIn(names).map((name) => ({ name, file: resolveImport(file, specifier) })),
  )
}

/** The same from wherever it comes, another package of ours too. */
function passedOnFromAnywhere(file: string): readonly ExportedName[] {
  return statementsOf(file, 'export').flatMap(({ names, target }) => names.map((name) => ({ name, file: target })))
}

/** The file that declares what another file exports under a name: where an editor goes to. */
function declaringFile({ name, file }: ExportedName): string {
  const further = passedOnFromAnywhere(file).find((exported) => exported.name === name)
  return further === undefined ? file : declaringFile(further)
}

/** Source of an entry of a package; undefined for what is not ours. */
function entryOf(specifier: string): string | undefined {
  const member = packages.find(({ manifest: { name } }) => specifier === name || specifier.startsWith(`${name}/`))
  const subpath = `.${specifier.slice(member?.manifest.name.length)}`
  const source = member?.manifest.exports?.[subpath]?.['@countersign/source']
  return member && source && `${member.folder}/${source.slice(2)}`
}

interface Statement {
  readonly names: readonly string[]
  /** Source of the file, or of the entry of the package, that the statement names. */
  readonly target: string
}

function statementsOf(file: string, keyword: 'import' | 'export'): readonly Statement[] {
  const statements = withoutComments(read(file)).matchAll(/^(import|export) (?:type )?\{([^}]*)\} from '([^']*)'/gm)
  return [...statements].flatMap(([, found, names = '', specifier = '']) => {
    const target = specifier.startsWith('.') ? resolveImport(file, specifier) : entryOf(specifier)
    return found !== keyword || target === undefined ? [] : [{ names: namesIn(names), target }]
  })
}

/** The files of ours that declare what a file imports, as types or as values. What an index imports is imported by those who import the index. */
export function importedFiles(file: string): readonly string[] {
  const found = statementsOf(file, 'import').flatMap(({ names, target }) => names.map((name) => declaringFile({ name, file: target })))
  const files = [...new Set(found)]
  return [...files, ...files.filter((one) => one.endsWith('/index.ts')).flatMap(importedFiles)]
}
