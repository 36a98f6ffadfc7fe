import { randomBytes } from 'node:crypto'

/*
 * Everything in which a block does not run exactly as it stands. Ports: a program that listens at 3000 gets a free one, and
 * curl is led there whatever host and port it is told. Issuers: see `issuers.ts`. Commands: see `shell.ts`.
 */

/** The port that programs of the documentation listen at. */
export const documentedPort = 3000

/** Environment of every program: secrets, as the documentation says that they are made. */
export function secretsOfThisRun(): Readonly<Record<string, string>> {
  const names = [
    'KEY_ENCRYPTION',
    'CLIENT_PEPPER',
    'REFRESH_SECRET',
    'COGNITO_CLIENT_SECRET',
    'JOBS_SECRET',
    'MASTER_SECRET',
    'MASTER_SECRET_BEFORE',
  ]
  return Object.fromEntries(names.map((name) => [name, randomBytes(32).toString('base64')]))
}

/** Variables that the reader sets to something that was printed. */
export const readFromOutput: Readonly<Record<string, RegExp>> = {
  SECRET: /\bcs_[\w-]+/g,
  CODE: /code for \S+: (\d+)/g,
}

/** Commands that only the reader can run: a registry that does not have this version, the gate itself, a release. */
export const elsewhere: readonly RegExp[] = [
  /^npm install (--save-dev )?[@a-z]/,
  /^npx -y pnpm@12\.21\.0 (demo|test|install --lockfile-only|--filter '\.\/packages\/\*' publish --access public --provenance)$/,
  /^npx -y -p node@\S+ -p @changesets\/cli@\S+ changeset( version)?$/,
  /^pnpm (bench|campaign|build|test|lint|demo)( -- .*)?$/,
  /^pnpm (changeset( version)?|install --lockfile-only --no-frozen-lockfile|--filter '\.\/packages\/\*' publish --access public --no-provenance --no-git-checks)$/,
  /^pnpm release:check( https:.*)?$/,
  /^node scripts\/release\.js prepare https:/,
  /^git (commit|tag|checkout|push)\b/,
  /^pnpm --dir docs-site start$/,
  /^npm audit signatures$/,
  // Run by test/cli in this process, and by test/dist from the tarballs.
  /^npx countersign /,
]
