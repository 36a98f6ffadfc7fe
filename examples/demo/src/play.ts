import type { RunningApp } from './apps.js'
import type { Act, Scene } from './scenes.js'
import { type Answer, send } from './send.js'

/** A scene as it was played. */
export interface Played {
  readonly scene: Scene
  /** In the order of the apps. */
  readonly answers: readonly Answer[]
  /** Every app answered as the scene wants. */
  readonly isRight: boolean
}

const headerOf = { 200: '', 401: 'Bearer', 403: 'Bearer insufficient_scope', 503: 'Retry-After: ' } as const

const isRight = ({ status, reason, remark }: Scene, answer: Answer): boolean =>
  answer.status === status &&
  answer.said.startsWith(headerOf[status]) &&
  answer.reason === reason &&
  (remark === undefined || answer.remarks.includes(remark))

/** Plays one act on every app, one request at a time. */
export async function play(act: Act, apps: readonly RunningApp[]): Promise<readonly Played[]> {
  await act.prepare?.()
  const played: Played[] = []
  for (const scene of act.scenes) {
    const token = await scene.token()
    const answers: Answer[] = []
    for (const app of apps) answers.push(await send(app, scene, token))
    played.push({ scene, answers, isRight: answers.every((answer) => isRight(scene, answer)) })
  }
  return played
}
