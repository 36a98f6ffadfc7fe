import type { Block } from './pages.js'

/** What is done with a block. */
export type Role =
  /** TypeScript or JavaScript that is a program: imported. */
  | 'program'
  /** Goes on from the program before it: both are run as one. */
  | 'continues'
  /** Needs names that stand elsewhere: run in the context of its page, see `contexts`. */
  | 'fragment'
  /** Is the text of a file that has a suite of its own. */
  | 'is'
  /** Commands: run by bash. */
  | 'commands'
  /** Commands with a prompt, and what they print. */
  | 'console'
  /** Commands that only make sense on the reader's machine; `elsewhere.ts` says which these can be. */
  | 'elsewhere'
  /** Statements for PostgreSQL: run. */
  | 'sql'
  /** The answer of the command before it: compared. */
  | 'answer'
  /** A file that the commands of the page need: written before they run. */
  | 'file'
  /** JSON that is shown: parsed. */
  | 'shown'
  /** Is only read. */
  | 'prose'

const program = { '': 'program', continues: 'continues', fragment: 'fragment', is: 'is' } as const

/** Languages, and in each the marks with what they stand for. Nothing else may be in a page. */
const roles: Readonly<Record<string, Readonly<Record<string, Role>>>> = {
  ts: program,
  js: program,
  sh: { '': 'commands', elsewhere: 'elsewhere' },
  console: { '': 'console' },
  sql: { '': 'sql' },
  http: { fragment: 'prose' },
  mermaid: { '': 'prose' },
  json: { answer: 'answer', file: 'file', fragment: 'shown', is: 'is' },
}

/** Marks that are followed by one word. */
const withWord: readonly Role[] = ['is', 'file']

/**
 * What is done with a block.
 *
 * @throws TypeError for a language or a mark that nobody knows
 */
export function roleOf({ page, line, language, marks: [mark = '', ...more] }: Block): Role {
  const known = Object.hasOwn(roles, language) ? (roles[language] ?? {}) : undefined
  const what = `${page}:${line}: the block`
  if (known === undefined) throw new TypeError(`${what} must be one of ${Object.keys(roles).join(', ')}, got "${language}"`)
  const role = Object.hasOwn(known, mark) ? known[mark] : undefined
  if (role === undefined) throw new TypeError(`${what} must be marked as one of ${Object.keys(known).join(', ')}, got "${mark}"`)
  if (more.length !== (withWord.includes(role) ? 1 : 0))
    throw new TypeError(`${what} must have one word after "${mark}" exactly if it is a file`)
  return role
}
