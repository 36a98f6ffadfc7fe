import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../structure/workspace.js'

/** One answer that curl got. */
interface CurlAnswer {
  readonly status: number
  readonly body: string
}

/** What a block of commands did. */
interface ShellRun {
  readonly stdout: string
  readonly answers: readonly CurlAnswer[]
  /** The environment after it: what it has set is there for what follows. */
  readonly env: NodeJS.ProcessEnv
}

/** A folder in which the commands of one page are run. */
export interface Shell {
  readonly folder: string
  run(code: string, env: NodeJS.ProcessEnv): Promise<ShellRun>
  /** What the apps printed that were started here. */
  printed(): Promise<string>
  remove(): Promise<void>
}

/** `curl` is led to the app and its answers are noted; `pnpm` starts the example that the gate has built. */
const preamble = String.raw`
curl() {
  local body=$(mktemp -p "$DOCUMENT_FOLDER") status
  status=$(command curl --silent --show-error --max-time 10 --connect-to "::127.0.0.1:$DOCUMENT_PORT" -w '%{http_code}' -o "$body" "$@") || return
  printf '%s %s\0' "$status" "$(cat "$body")" >>"$DOCUMENT_FOLDER/answers"
  cat "$body"
}
npm() { echo "npm $*: not run in the documents; mark the block as elsewhere" >&2; return 1; }
npx() { npm "(npx)" "$@"; }
pnpm() {
  [ "$*" = build ] && return
  [[ "$1 $3" = "--dir check" && -f "$2/dist/check.js" ]] && { "$DOCUMENT_NODE" "$2/dist/check.js"; return; }
  [[ "$1 $3" = "--dir start" && -f "$2/dist/app.js" ]] || { echo "pnpm $*: not run in the documents" >&2; return 1; }
  PORT=0 "$DOCUMENT_NODE" "$2/dist/app.js" >>"$DOCUMENT_FOLDER/printed" 2>&1 &
  echo $! >>"$DOCUMENT_FOLDER/pids"
  for _ in $(seq 500); do
    DOCUMENT_PORT=$(sed -n 's/^listening http:.*:\([0-9]*\)$/\1/p' "$DOCUMENT_FOLDER/printed" | tail -n 1)
    [ -n "$DOCUMENT_PORT" ] && return
    kill -0 $! 2>/dev/null || break
    sleep 0.02
  done
  cat "$DOCUMENT_FOLDER/printed" >&2
  return 1
}
`

/** Ends the block at the first command that fails, and leaves its variables and functions to what follows. */
const script = `set -aeu -o pipefail; cd "$DOCUMENT_FOLDER"; source ./preamble.sh; source ./block.sh; env -0 >environment`

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}

function answerOf(record: string): CurlAnswer {
  const [status = '', ...body] = record.split(' ')
  return { status: Number(status), body: body.join(' ') }
}

function environmentOf(text: string): NodeJS.ProcessEnv {
  const pairs = text.split('\0').filter((pair) => pair !== '')
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

/** @throws Error with what was printed, if a command fails or takes more than 20 seconds */
function bash(env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('bash', ['--noprofile', '--norc', '-c', script], { env, timeout: 20_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`the commands ended with ${error.code ?? error.signal}\n${stdout}\n${stderr}`, { cause: error }))
      else resolve(stdout)
    })
    child.stdin?.end()
  })
}

/** Makes the folder; `examples` of the workspace are there too. */
export async function openShell(): Promise<Shell> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-document-'))
  await symlink(join(root, 'examples'), join(folder, 'examples'))
  await writeFile(join(folder, 'preamble.sh'), preamble)
  return {
    folder,
    printed: () => textOf(join(folder, 'printed')),
    async run(code, env) {
      await writeFile(join(folder, 'block.sh'), code)
      await rm(join(folder, 'answers'), { force: true })
      const answered = async (): Promise<string[]> => (await textOf(join(folder, 'answers'))).split('\0').filter((record) => record !== '')
      const stdout = await bash({ ...env, DOCUMENT_FOLDER: folder, DOCUMENT_NODE: process.execPath }).catch(async (cause: Error) => {
        throw new Error(`${cause.message}\ncurl was answered\n${(await answered()).join('\n')}`, { cause })
      })
      const records = await answered()
      return { stdout, answers: records.map(answerOf), env: environmentOf(await textOf(join(folder, 'environment'))) }
    },
    async remove() {
      for (const pid of (await textOf(join(folder, 'pids'))).split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGTERM')
      await rm(folder, { recursive: true, force: true })
    },
  }
}
