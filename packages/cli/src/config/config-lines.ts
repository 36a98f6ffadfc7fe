import { existsSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { shownSource } from './shown-source.js'

/** A line of the config, or of a file that it imports. */
export interface ConfigLine {
  /** Relative to the folder of the command. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** Without texts that may be secrets. */
  readonly text: string
}

/** Where options stand in the source of a config. */
export interface ConfigLines {
  /** The line of one of the options within an issuer entry; else that of the entry; undefined if the entry is not found. */
  ofEntry(via: string, options: readonly string[]): ConfigLine | undefined
  /** The first line that has one of the options. */
  ofOption(options: readonly string[]): ConfigLine | undefined
}

interface Source {
  readonly file: string
  readonly lines: readonly string[]
}

const filesAtMost = 50

/** A file that is imported by its path. TypeScript may be imported by the name that it has when compiled. */
function importedPath(from: string, specifier: string): string | undefined {
  const path = resolve(dirname(from), specifier)
  const asSource = path.replace(/\.([cm]?)js$/, '.$1ts')
  return [path, asSource, `${path}.ts`, `${path}.js`].find((one) => existsSync(one) && /\.[cm]?[jt]s$/.test(one))
}

function sourcesFrom(path: string, folder: string): readonly Source[] {
  const paths = [path]
  const sources: Source[] = []
  for (const at of paths) {
    const text = readFileSync(at, 'utf8')
    sources.push({ file: relative(folder, at) || at, lines: text.split(/\r?\n/) })
    for (const [, specifier = ''] of text.matchAll(/(?:from|import\()\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
      const imported = importedPath(at, specifier)
      if (imported !== undefined && !paths.includes(imported) && paths.length < filesAtMost) paths.push(imported)
    }
  }
  return sources
}

const isWord = (character: string | undefined): boolean => character !== undefined && /[\w$]/.test(character)

/** Where a name stands as the key of an object, or is declared; -1 if it does not. */
function keyAt(line: string, name: string): number {
  if (/^\s*(\/\/|\*)/.test(line)) return -1
  for (let at = line.indexOf(name); at !== -1; at = line.indexOf(name, at + 1)) {
    if (isWord(line[at - 1])) continue
    const rest = line.slice(at + name.length)
    if (/^['"]?\s*:(?!:)/.test(rest) || (/^\s*=(?!=)/.test(rest) && /(const|let)\s+$/.test(line.slice(0, at)))) return at
    // A shorthand, as in `{ issuer, audience }`.
    if (/^\s*(,|\}|$)/.test(rest) && /(^|\{|,)\s*$/.test(line.slice(0, at))) return at
  }
  return -1
}

/** The last line of what begins at a place, by its brackets. */
function endOf(lines: readonly string[], first: number, column: number): number {
  let depth = 0
  let hasOpened = false
  for (let at = first; at < lines.length; at += 1) {
    for (const character of (lines[at] ?? '').slice(at === first ? column : 0)) {
      if ('([{'.includes(character)) [depth, hasOpened] = [depth + 1, true]
      if (')]}'.includes(character)) depth -= 1
      if (hasOpened && depth <= 0) return at
    }
    if (!hasOpened) return first
  }
  return lines.length - 1
}

/** Reads the source of a config, and of what it imports by a relative path. */
export function readConfigLines(path: string, folder: string): ConfigLines {
  const sources = sourcesFrom(path, folder)
  const lineOf = ({ file, lines }: Source, at: number): ConfigLine => ({ file, line: at + 1, text: shownSource((lines[at] ?? '').trim()) })

  function within(source: Source, range: readonly [number, number, number], options: readonly string[]): ConfigLine | undefined {
    const [first, column, last] = range
    for (const option of options) {
      for (let at = first; at <= last; at += 1) {
        const text = source.lines[at] ?? ''
        if (keyAt(at === first ? text.slice(column) : text, option) !== -1) return lineOf(source, at)
      }
    }
    return undefined
  }

  return {
    ofEntry(via, options) {
      const places = sources.flatMap((source) =>
        source.lines.flatMap((line, at) => {
          const column = keyAt(line, via)
          return column === -1 ? [] : [{ source, at, column, last: endOf(source.lines, at, column) }]
        }),
      )
      // An entry is the call of a preset: of two places with the name, the one that calls something.
      const calls = places.filter(({ source, at, column }) => (source.lines[at] ?? '').slice(column).includes('('))
      const entries = calls.length > 0 ? calls : places
      const found = entries.map(({ source, at, column, last }) => within(source, [at, column + via.length, last], options))
      const [entry] = entries
      return found.find((line) => line !== undefined) ?? (entry && lineOf(entry.source, entry.at))
    },
    ofOption(options) {
      for (const option of options) {
        for (const source of sources) {
          const at = source.lines.findIndex((line) => keyAt(line, option) !== -1)
          if (at !== -1) return lineOf(source, at)
        }
      }
      return undefined
    },
  }
}
