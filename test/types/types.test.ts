import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')

it('what must not compile does not, and what must does', async () => {
  const failure = await promisify(execFile)(process.execPath, [tsc, '-p', here, '--noEmit', '--pretty', 'false']).then(
    () => undefined,
    (error: { stdout: string }) => error.stdout,
  )
  expect(failure).toBeUndefined()
})
