import { posix } from 'node:path'
import { read } from './workspace.js'

const page = 'docs/architecture.md'

/** One walk of `docs/architecture.md`: files in the order in which a reader opens them. */
export interface Walk {
  readonly name: string
  readonly files: readonly string[]
}

/** The app from which the walks start. */
export const host = 'test/walks/host.ts'

/** Files that only put parts together when the app starts: nothing of them runs for a request, and a reader goes on to what they make. */
export const wiring: readonly string[] = [
  'packages/keys/src/registry.ts',
  'packages/verifier/src/issuers/jwks.ts',
  'packages/verifier/src/revocation/shared-revocations.ts',
]

/** Reads the walks from the page: each is a section with a numbered list that links to files. */
export function readWalks(): readonly Walk[] {
  const [, text = ''] = read(page).split(/^## The three walks$/m)
  return text
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const links = section.matchAll(/^\d+\. \[`[^`]+`\]\(([^)]+)\)/gm)
      return { name: section.split('\n')[0] ?? '', files: [...links].map(([, link = '']) => posix.join(posix.dirname(page), link)) }
    })
}
