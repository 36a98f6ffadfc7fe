import type { Changed } from '../screen/screen.js'

/** A change that was not made. */
export const notDone = (reason: string, message: string, more: { readonly status?: number; readonly field?: string } = {}): Changed => ({
  ok: false,
  reason,
  status: more.status ?? 422,
  message,
  field: more.field,
})

/** The message of an error for settings; other errors are passed on. */
export async function unlessWrong(work: () => Promise<Changed>): Promise<Changed> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof TypeError) || !/^[a-zA-Z]+(?:\.\w+)?: /.test(error.message)) throw error
    return notDone('invalid', `This cannot be taken: ${error.message.replace(/^[\w.]+: /, '')}.`)
  }
}
