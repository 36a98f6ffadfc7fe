import type { ChildProcess } from 'node:child_process'

/** The next message of a child. Rejects with the error that it tells, and when it ends without a message. */
export function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the process ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message: { readonly value: unknown; readonly error?: string }) => {
      child.off('exit', ended)
      if (message.error === undefined) resolve(message.value)
      else reject(new Error(message.error))
    })
  })
}

/** SIGKILL, and waits until the process is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}
