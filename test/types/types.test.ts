import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
const tsc = fileURLToPath(new URL('../node_modules/.bin/tsc', import.meta.url))

it('what must not compile does not, and what must does', async () => {
  const failure = await promisify(execFile)(tsc, ['-p', here, '--noEmit', '--pretty', 'false']).then(
    () => undefined,
    (error: { stdout: string }) => error.stdout,
  )
  expect(failure).toBeUndefined()
})
