import { type ClientKind, clientIds, signInType } from './setup.js'

/** What a campaign counts. */
export interface Figures {
  rotations: number
  signIns: number
  /** Answers 503, and connections that broke. */
  unanswered: number
  /** Two different tokens for one. */
  forks: number
  /** Tokens that were taken after their child was used. */
  doubles: number
  /** Rotations that took place after their request was answered 503. */
  doneAfter503: number
  /** Requests that were looked at for that. */
  lookedAt503: number
  /** Families that ended though their client never presented a token twice. */
  endedBySinglePresentation: number
  /** Families of clients that authenticate themselves that ended. */
  endedConfidential: number
  /** Families of public clients that ended because a token was presented twice. */
  endedPublic: number
  /** Those of them whose client had nothing but answers 503 before. */
  endedPublicAfter503: number
  /** Families that the store lost writes of, so that their client must sign in again. */
  lostByStore: number
  /** By reason. */
  readonly refusals: Record<string, number>
}

export function noFigures(): Figures {
  const counted = { rotations: 0, signIns: 0, unanswered: 0, forks: 0, doubles: 0, doneAfter503: 0, lookedAt503: 0 }
  return {
    ...counted,
    endedBySinglePresentation: 0,
    endedConfidential: 0,
    endedPublic: 0,
    endedPublicAfter503: 0,
    lostByStore: 0,
    refusals: {},
  }
}

/** What surrounds the clients. */
export interface World {
  readonly figures: Figures
  readonly secrets: Readonly<Record<ClientKind, string>>
  isOn(): boolean
  /** The URL of a server. */
  server(): string | undefined
  /** The newest generation of a family; waits until the store says it. */
  generationOf(family: string): Promise<number | undefined>
}

/** What came of a request. */
type Answer =
  | { readonly outcome: 'token'; readonly token: string }
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The server says that nothing was done. */
  | { readonly outcome: 'unavailable' }
  /** Nobody knows what was done. */
  | { readonly outcome: 'broken' }

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function post(url: string, parameters: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: new URLSearchParams(parameters),
      signal: AbortSignal.timeout(15_000),
    })
    const body = (await response.json()) as { readonly refresh_token?: string }
    if (response.status === 503) return { outcome: 'unavailable' }
    if (body.refresh_token !== undefined) return { outcome: 'token', token: body.refresh_token }
    return { outcome: 'refused', reason: response.headers.get('x-reason') ?? String(response.status) }
  } catch {
    return { outcome: 'broken' }
  }
}

function asClient(kind: ClientKind, { secrets }: World, parameters: Readonly<Record<string, string>>) {
  const id = clientIds[kind]
  if (kind === 'public') return { parameters: { ...parameters, client_id: id }, headers: {} }
  return { parameters, headers: { authorization: `Basic ${Buffer.from(`${id}:${secrets[kind]}`).toString('base64')}` } }
}

async function send(kind: ClientKind, world: World, parameters: Readonly<Record<string, string>>): Promise<Answer> {
  const url = world.server()
  const asked = asClient(kind, world, parameters)
  const answer = url === undefined ? ({ outcome: 'broken' } as const) : await post(url, asked.parameters, asked.headers)
  if (answer.outcome === 'unavailable' || answer.outcome === 'broken') world.figures.unanswered += 1
  return answer
}

const refresh = (kind: ClientKind, world: World, token: string): Promise<Answer> =>
  send(kind, world, { grant_type: 'refresh_token', refresh_token: token })

/** After an answer 503 nothing may happen any more. */
async function lookAfter503(token: string, { figures, generationOf }: World): Promise<void> {
  const [, , family = '', generation] = token.split('.')
  const before = await generationOf(family)
  await pause(1_500)
  const after = await generationOf(family)
  figures.lookedAt503 += 1
  // What the server could not take back had taken place before its answer.
  if (before === Number(generation) && after !== undefined && after > before) figures.doneAfter503 += 1
}

/** Asks until there is an answer, as honest clients do. */
async function refreshed(kind: ClientKind, world: World, token: string) {
  const seen = { presentations: 0, broken: 0 }
  for (;;) {
    const answer = await refresh(kind, world, token)
    seen.presentations += 1
    if (answer.outcome === 'token' || answer.outcome === 'refused') return { answer, ...seen }
    if (answer.outcome === 'broken') seen.broken += 1
    else if (seen.broken === 0 && Math.random() < 0.2) await lookAfter503(token, world)
    if (!world.isOn() && seen.presentations > 60) return undefined
    await pause(50 + Math.random() * 200)
  }
}

/** How often a token was presented, and how often nobody knows what came of it. */
interface Seen {
  readonly presentations: number
  readonly broken: number
}

const lostWrites: readonly string[] = ['store_rollback', 'refresh_gone']

function countLoss(kind: ClientKind, reason: string, { presentations, broken }: Seen, { figures }: World): void {
  figures.refusals[`${kind} ${reason}`] = (figures.refusals[`${kind} ${reason}`] ?? 0) + 1
  if (lostWrites.includes(reason)) figures.lostByStore += 1
  else if (kind === 'confidential') figures.endedConfidential += 1
  else if (presentations > 1) {
    figures.endedPublic += 1
    if (broken === 0) figures.endedPublicAfter503 += 1
  }
  if (presentations === 1 && !lostWrites.includes(reason)) figures.endedBySinglePresentation += 1
}

/** Nobody gets anything for a token whose child was used. */
async function presentUsed(kind: ClientKind, world: World, used: string): Promise<void> {
  for (let tries = 0; tries < 40; tries += 1) {
    const { outcome } = await refresh(kind, world, used)
    if (outcome === 'token') world.figures.doubles += 1
    if (outcome === 'token' || outcome === 'refused') return
    await pause(100)
  }
}

/** One family, from its sign-in until it ends or the campaign does. */
async function liveFamily(kind: ClientKind, world: World, first: string): Promise<void> {
  const { figures } = world
  let [token, used]: [string, string | undefined] = [first, undefined]
  while (world.isOn()) {
    const done = await refreshed(kind, world, token)
    if (done === undefined) return
    if (done.answer.outcome === 'refused') return countLoss(kind, done.answer.reason, done, world)
    figures.rotations += 1
    // The answer is asked for once more before it is used: it must be the same one.
    if (kind === 'confidential' && Math.random() < 0.02) {
      const again = await refresh(kind, world, token)
      if (again.outcome === 'token' && again.token !== done.answer.token) figures.forks += 1
    }
    ;[token, used] = [done.answer.token, token]
    await pause(Math.random() * 10)
  }
  // The child has to be used first.
  const last = await refreshed(kind, world, token)
  if (used !== undefined && last?.answer.outcome === 'token') await presentUsed(kind, world, used)
}

/** A client that refreshes all the time, and signs in again where it must. */
export async function honestClient(kind: ClientKind, user: string, world: World): Promise<void> {
  while (world.isOn()) {
    const answer = await send(kind, world, { grant_type: signInType, user })
    if (answer.outcome === 'token') {
      world.figures.signIns += 1
      await liveFamily(kind, world, answer.token)
    } else if (answer.outcome === 'refused') throw new Error(`a sign-in was refused: ${answer.reason}`)
    else await pause(100)
  }
}
