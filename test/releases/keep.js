// Keeps a release for side-by-side.test.ts: node test/releases/keep.js <commit> [name]
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { build } from 'rolldown'

const here = fileURLToPath(new URL('.', import.meta.url))
const run = (command, args, cwd = here) => execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })

const [commit, name = commit] = process.argv.slice(2)
if (!/^[\w.-]+$/.test(name ?? '')) throw new TypeError('keep: the first argument must be a commit or a tag')
const tree = join(mkdtempSync(join(tmpdir(), 'countersign-release-')), 'tree')
try {
  run('git', ['worktree', 'add', '--detach', tree, commit])
  run('pnpm', ['install', '--frozen-lockfile', '--prefer-offline'], tree)
  // A release from before this file is assembled as the present one is.
  const entry = join(tree, 'test/releases/release.ts')
  const isOlder = !existsSync(entry)
  const input = isOlder ? join(tree, 'test/kept-release.ts') : entry
  if (isOlder) copyFileSync(join(here, 'release.ts'), input)
  const file = join(tree, 'kept-release.mjs')
  await build({
    input,
    platform: 'node',
    transform: { target: 'node20' },
    resolve: { conditionNames: ['@countersign/source', 'node'] },
    output: { file, format: 'esm', codeSplitting: false, comments: false },
  })
  const compressed = brotliCompressSync(readFileSync(file), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  writeFileSync(join(here, `kept/${name}.mjs.br`), compressed)
} finally {
  run('git', ['worktree', 'remove', '--force', tree])
  rmSync(join(tree, '..'), { recursive: true, force: true })
}
