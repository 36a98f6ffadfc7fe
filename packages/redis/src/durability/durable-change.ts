import { createRetries } from '@countersign/core'
import { type ChangeKey, type ChangeParts, connectionLost, type MakeChange } from '../connection/change.js'
import type { ServerMemory } from '../connection/server-memory.js'
import type { RunScript, toldScripts } from '../scripts/scripts.js'
import type { AcknowledgedGroup } from './acknowledgement-line.js'
import type { Acknowledgements } from './acknowledgements.js'

/** How far a change came. */
interface Course {
  /** It was sent, and its answer arrived. */
  isAnswered: boolean
  /** What must be acknowledged for it. */
  group: AcknowledgedGroup | undefined
}

/**
 * Changes that count when a replica has them: an acknowledged write of the server alone can be lost in a failover. What no replica acknowledged in half of
 * `maxWaitMs` is taken back where that is possible, and is an outage in any case.
 */
export function durableChange(acknowledgements: Acknowledgements, run: ReturnType<typeof toldScripts>, parts: ChangeParts): ChangeKey {
  const { maxWaitMs, answered, inTime, writableBefore, isCurrent } = parts
  const tryAgain = createRetries()
  const waitMs = maxWaitMs / 2

  /** On one connection WAIT may be sent right behind the change, each time that this is sent; in a Cluster only the answer says which server it was. */
  const tracked = (course: Course): RunScript =>
    run((key) => {
      if (!acknowledgements.afterAnswers) course.group = acknowledgements.join(key, waitMs)
    })

  /** After a loss of the connection the driver sends the change again. The same run of the server may be asked again as well. */
  async function acknowledge(key: string, course: Course, before: ServerMemory, giveUpAt: number): Promise<void> {
    let [group, server] = [course.group ?? acknowledgements.join(key, waitMs), before]
    for (;;) {
      const isDone = await group.acknowledged.then(
        () => isCurrent(server),
        (error: unknown) => {
          if (isCurrent(server)) throw error
          return false
        },
      )
      if (isDone) return
      server = await writableBefore(giveUpAt)
      if (server.trusted !== before.trusted) throw connectionLost()
      group = acknowledgements.join(key, waitMs)
    }
  }

  async function takeBack(key: string, undo: MakeChange<unknown>): Promise<void> {
    const attempt = (): Promise<unknown> => answered(({ giveUpAt }) => inTime(key, giveUpAt, undo))
    await attempt().catch(() => tryAgain(attempt))
  }

  return (key, make, { undo, kind } = {}) => {
    const course: Course = { isAnswered: false, group: undefined }
    return answered(async (patience) => {
      const { giveUpAt } = patience
      try {
        const server = await writableBefore(giveUpAt)
        if (kind === undefined) await acknowledgements.enter(key)
        if (performance.now() >= giveUpAt) throw new Error('the call was given up')
        const answer = await inTime(key, giveUpAt, make, tracked(course))
        course.isAnswered = true
        if (kind !== 'undo') await acknowledge(key, course, server, giveUpAt)
        if (patience.isOver) throw new Error('the call was given up')
        return answer
      } catch (error) {
        // What has no answer is not taken back here: its caller may send it again, with the same id.
        if (course.isAnswered && undo) await takeBack(key, undo)
        throw error
      }
    })
  }
}
