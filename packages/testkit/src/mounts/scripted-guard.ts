import {
  type Admission,
  type Auth,
  type Guard,
  jsonReply,
  type Refusal,
  type Reply,
  type Requirement,
  refuse,
  type WireRequest,
} from '@countersign/core'

/** A guard without tokens: the credentials say what it shall answer, and it keeps what it was asked. */
export interface ScriptedGuard extends Guard {
  readonly asked: readonly WireRequest[]
}

/**
 * Understands `Bearer <subject>` and `Bearer <subject>/<scope>`, `Bearer outage` (503), `Bearer broken` (rejects) and
 * `Bearer bad` (401).
 *
 * @param before - awaited before every answer
 */
export function createScriptedGuard(before: (request: WireRequest) => Promise<void> | void = () => {}): ScriptedGuard {
  const asked: WireRequest[] = []
  const admitted = new WeakMap<object, Auth | null>()
  function lookUp(request: object): Auth | null {
    const auth = admitted.get(request)
    if (auth === undefined) throw new Error('this guard did not admit this request')
    return auth
  }
  return {
    asked,
    async check<R>(request: WireRequest, ...requirements: readonly Requirement<Auth, R>[]) {
      asked.push(request)
      await before(request)
      const host = request.frameworkRequest ?? request
      const admission = await judge(request, host as R, requirements)
      if (admission.ok) admitted.set(host, admission.auth ?? null)
      return admission
    },
    authOf(request) {
      const auth = lookUp(request)
      if (auth === null) throw new Error('this request was admitted without credentials')
      return auth
    },
    optionalAuthOf: (request) => lookUp(request) ?? undefined,
    ready: async () => ({ ok: true, parts: {} }),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

async function judge<R>(request: WireRequest, host: R, requirements: readonly Requirement<Auth, R>[]): Promise<Admission<Auth>> {
  const sent = (request.rawHeaders ?? []).filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'authorization')
  if (sent.length > 1) return refused(refuse('malformed_request'))
  const credentials = request.headers.authorization
  if (credentials === undefined) {
    const isOptional = requirements.some(({ admitsAnonymous }) => admitsAnonymous)
    return isOptional ? { ok: true, auth: undefined, anonymous: true } : refused(refuse('no_credentials'))
  }
  const token = String(credentials).slice('Bearer '.length)
  if (token === 'broken') throw new Error('a fault of the program')
  if (token === 'outage') return refused(refuse('key_source_unavailable', { retryAfterSeconds: 7 }))
  if (token === 'bad') return refused(refuse('signature'))
  const auth = scriptedAuth(token)
  for (const requirement of requirements) {
    const refusal = await requirement(auth, host, { now: 1_800_000_000 })
    if (refusal) return refused(refusal)
  }
  return { ok: true, auth, anonymous: false }
}

function scriptedAuth(token: string): Auth {
  const [subject = '', scope] = token.split('/')
  const claims = { iss: 'https://issuer.test', exp: 1_900_000_000, sub: subject }
  return {
    via: 'scripted',
    issuer: claims.iss,
    claims,
    subject,
    clientId: undefined,
    scopes: scope === undefined ? [] : [scope],
    expiresAt: claims.exp,
    kid: undefined,
  }
}

/** The reply of the scripted guard to a refusal, to compare with what arrives. */
export function scriptedReply({ status, code, description, scopes, retryAfterSeconds }: Refusal): Reply {
  const challenge = [`Bearer realm="scripted"`]
  if (code) challenge.push(`error="${code}"`)
  if (scopes) challenge.push(`scope="${scopes.join(' ')}"`)
  return jsonReply(
    status,
    { ...(code && { error: code }), error_description: description },
    {
      'cache-control': 'no-store',
      ...(status === 503 ? { 'retry-after': String(retryAfterSeconds) } : { 'www-authenticate': challenge.join(', ') }),
    },
  )
}

function refused(refusal: Refusal): Admission<Auth> {
  return { ok: false, reason: refusal.reason, reply: scriptedReply(refusal) }
}
