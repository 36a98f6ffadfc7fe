import { randomUUID } from 'node:crypto'
import { type Algorithm, hasOwn, type Reply, type Signer, type TokenEvent, type WireRequest, wallClock } from '@countersign/core'
import type { UseClaim } from '../assertions/assertion.js'
import { withFormerUses } from '../assertions/former-uses.js'
import { areKeysGood } from '../assertions/used-key.js'
import type { AuthenticatedClient } from '../authentication/authenticate-client.js'
import {
  callerByGrant,
  claimAssertion,
  createClientRequests,
  lookAtProof,
  namedClient,
  notIdentified,
  ofKnownClient,
  type ParsedRequest,
} from '../endpoint/client-request.js'
import { type TokenAnswer, tokenReply } from '../endpoint/reply.js'
import type { Grant, GrantAnswer, Granted, GrantPlan, GrantRequest, Validated } from '../grants/grant.js'
import { judgeScope } from '../grants/scope.js'
import { judgeTarget } from '../grants/target.js'
import { type Changes, createChangesOf } from '../issuing/changes.js'
import { createMint, keysOf, type Minted, type Signed } from '../issuing/mint.js'
import { createStatusFault } from '../issuing/status.js'
import type { Reserved } from '../limits/rate-limits.js'
import { createAnnounceFamilyEnd } from '../refresh/announce-family-end.js'
import { refused, type TokenRefused } from '../refusal.js'
import { writeRecord } from './audit.js'
import { createProofSteps, type ProvedClient } from './proof-steps.js'
import type { CheckedOptions, TokenEndpointOptions } from './token-endpoint-options.js'

/** A request on its way through the endpoint. */
export interface TokenCall {
  readonly request: WireRequest
  /** What becomes known of it; for the event. */
  readonly trace: { -readonly [K in keyof TokenEvent]?: TokenEvent[K] }
  /** As requested, also where the endpoint does not have it; undefined where it could not be read. */
  grantType: string | undefined
  /** For the field `DPoP-Nonce` of the reply. */
  nonce: string | undefined
}

/** A token request that could be read. */
interface ParsedTokenRequest extends ParsedRequest {
  /** The grant of its `grant_type`; undefined where the endpoint does not have it. */
  readonly grant: Grant | undefined
}

/** A grant that the client may use, and its request: scope and audience are allowed. */
interface FoundGrant {
  readonly ok: true
  readonly grant: Grant
  readonly request: GrantRequest
}

/** A request that its grant has planned. Nothing was used up for it yet. */
export interface PlannedRequest extends FoundGrant {
  readonly plan: GrantPlan
  /** Of the access token. */
  readonly jti: string
  /** The replay claim of the client assertion of the request, where there is one. */
  readonly replayClaim: UseClaim | undefined
  /** The DPoP proof of the request, where there is one. */
  readonly proof: ProvedClient['proof']
  readonly call: TokenCall
  /** What was changed for it in our stores, so that a later failure of ours can take it back. */
  readonly changes: Changes
  readonly trace: TokenCall['trace']
}

/** The steps of a token request. Each may refuse, and rejects with `Unavailable` in an outage. The endpoint says their order. */
export interface TokenSteps {
  parse(call: TokenCall): Promise<ParsedTokenRequest | TokenRefused>
  rateLimit(parsed: ParsedTokenRequest): Promise<Reserved | TokenRefused>
  authenticateClient(call: TokenCall, parsed: ParsedTokenRequest, limit: Reserved): Promise<AuthenticatedClient | TokenRefused>
  readonly proofAlgorithms: readonly Algorithm[] | undefined
  checkProof(call: TokenCall, who: AuthenticatedClient): ProvedClient | TokenRefused
  findGrant(call: TokenCall, parsed: ParsedTokenRequest, who: ProvedClient): Promise<FoundGrant | TokenRefused>
  validate(call: TokenCall, found: FoundGrant, who: ProvedClient): Promise<({ readonly ok: true } & PlannedRequest) | TokenRefused>
  getSigner(): Promise<Signer>
  checkStatus(planned: PlannedRequest, granted: Granted): Promise<TokenRefused | undefined>
  mint(planned: PlannedRequest, granted: Granted, signer: Signer): Promise<Minted | TokenRefused>
  audit(planned: PlannedRequest): Promise<void>
  claimProof(planned: PlannedRequest): Promise<TokenRefused | undefined>
  claimAssertion(planned: PlannedRequest): Promise<TokenRefused | undefined>
  commit(planned: PlannedRequest): Promise<GrantAnswer>
  keepFamily(planned: PlannedRequest, minted: Minted): Promise<void>
  recheck(planned: PlannedRequest, minted: Minted): Promise<Signed | TokenRefused>
  reply(call: TokenCall, answer: TokenAnswer): Reply
}

/** A grant of the host's that answers with something else must not end in a token. */
function requireValidated({ type }: Grant, validated: Validated | undefined): Validated {
  const isPlan = validated?.ok === true && (validated.granted !== undefined || typeof validated.commit === 'function')
  if (validated !== undefined && (isPlan || (validated.ok === false && hasOwn(validated, 'refusal')))) return validated
  throw new TypeError(`createTokenEndpoint: validate of the grant ${type} must answer with a refusal, or with granted or commit`)
}

/** A grant says what the request is about, and not who made it. */
function noteIn(trace: TokenCall['trace'], { family, subject, key }: Parameters<GrantRequest['note']>[0]): void {
  if (family !== undefined) trace.family = family
  if (subject !== undefined) trace.subject = subject
  if (key !== undefined) trace.key = key
}

/** Makes the steps of an endpoint. */
export function createSteps(options: TokenEndpointOptions, checked: CheckedOptions): TokenSteps {
  const { issuer, signer, anonymousClient, now = wallClock } = options
  const { attempts, families } = options.stores
  const uuid = options.randomUUID ?? randomUUID
  const form = { json: options.json ?? false, repeatable: ['audience', 'resource'] }
  const requests = createClientRequests({ ...options, attempts, form })
  const find = createFindGrant(options, checked)
  const statusFault = createStatusFault(options)
  const { mint, recheck } = createMint({ ...checked, issuer, claims: options.claims, signer, revocations: options.revocations })
  const announceFamilyEnd = createAnnounceFamilyEnd({ issuer, revocations: options.revocations, attempts, families, now })
  const changesOf = createChangesOf()
  const proofs = createProofSteps(options.senderConstraint?.dpop, now)

  return {
    async parse(call) {
      const { request, trace } = call
      const parsed = await requests.parse(request, (parameters) => {
        call.grantType = parameters.get('grant_type')
        const { type } = checked.grants.get(call.grantType ?? '') ?? {}
        if (type !== undefined) trace.grant = type
      })
      if (!parsed.ok) return parsed
      if (call.grantType === undefined) return refused('missing_parameter')
      const grant = checked.grants.get(call.grantType)
      return { ...parsed, grant, caller: await callerByGrant(grant, parsed.caller, parsed.parameters) }
    },
    rateLimit: requests.rateLimit,
    async authenticateClient({ trace }, parsed, limit) {
      const who = await requests.authenticateClient(parsed, limit)
      if (who.ok) {
        trace.clientId = who.client.id
        if (who.key) trace.key = who.key.thumbprint
        const asked = { client: who.client, keys: options.clients.clientKeys, issuer, nowMs: now() }
        return (await notIdentified(parsed.grant, parsed, asked)) ?? who
      }
      const { reason } = who.refusal
      lookAtProof(parsed.grant, parsed, reason)
      // Of a client that is not known, nothing else is said.
      if (ofKnownClient.includes(reason) || reason.startsWith('assertion_'))
        trace.clientId = namedClient(parsed.caller) || (anonymousClient ?? '')
      return who
    },
    findGrant: ({ trace }, parsed, who) => find(parsed, who, (seen) => noteIn(trace, seen)),
    proofAlgorithms: proofs.algorithms,
    checkProof: (call, who) => proofs.check(call, who),
    async validate(call, found, { replayClaim, proof }) {
      const { trace } = call
      const { grant, request } = found
      const plan = requireValidated(grant, await grant.validate(request))
      if (plan.ok) return { ...found, plan, jti: uuid(), replayClaim, proof, call, changes: changesOf(), trace }
      await announceFamilyEnd(plan.refusal.reason, trace.family)
      return plan
    },
    getSigner: async () => signer.current(),
    async checkStatus({ grant, request, trace }, granted) {
      const { subject, family } = granted
      Object.assign(trace, { subject }, family !== undefined && { family })
      const reason = await statusFault(grant, granted, request)
      return reason && refused(reason)
    },
    mint: ({ grant, request, jti }, granted, current) => mint({ grant, request, signer: current, jti }, granted),
    audit: ({ trace, jti }) => writeRecord(options.audit, trace, jti),
    claimProof: ({ proof, call }) => proofs.claim(call, proof),
    claimAssertion: ({ request, replayClaim, changes }) => claimAssertion(replayClaim, { replay: request.stores.replay, changes }),
    async commit({ plan, grant, changes, trace }) {
      const run = plan.commit?.bind(plan)
      const answer = run ? await changes.make<GrantAnswer | undefined>(run, plan.undo?.bind(plan)) : plan.granted
      if (typeof answer?.ok !== 'boolean') throw new TypeError(`createTokenEndpoint: the grant ${grant.type} must answer its commit`)
      // What was refused may have ended a family.
      if (hasOwn(answer, 'refusal')) await announceFamilyEnd(answer.refusal.reason, trace.family)
      return answer
    },
    async keepFamily({ changes }, { started }) {
      if (started)
        await changes.make(
          (callId) => started.keep(callId),
          (callId) => started.undo(callId),
        )
    },
    async recheck({ request }, minted) {
      // A key that is revoked while its request is under way gives no token, also where no view of revocations is there.
      const isKeyGood = await areKeysGood(request.keys, request.client.id, keysOf(minted.granted, request.key))
      return isKeyGood ? recheck(minted, request) : refused('assertion_key_revoked')
    },
    reply: ({ grantType, nonce }, answer) => tokenReply(answer, { issuer, dialect: checked.dialect, context: { grantType }, nonce }),
  }
}

/** Finds the grant of a request, and puts together what it is asked. */
function createFindGrant(
  options: TokenEndpointOptions,
  { audiences }: CheckedOptions,
): (parsed: ParsedTokenRequest, who: ProvedClient, note: GrantRequest['note']) => Promise<FoundGrant | TokenRefused> {
  const { issuer, clients, isActive } = options
  const now = options.now ?? wallClock
  const stores = withFormerUses(options.stores, now)

  function requestOf(
    { parameters, request }: ParsedTokenRequest,
    who: ProvedClient,
    note: GrantRequest['note'],
  ): GrantRequest | TokenRefused {
    const { client, secretId, key, certificate } = who
    const asked = judgeScope(parameters.get('scope'), client.scopes, client.defaultScopes)
    if (!asked.ok) return asked
    const allowed = client.audiences ?? audiences
    const target = judgeTarget(parameters, allowed)
    if (!target.ok) return target
    const nowMs = now()
    // Each member by itself: a copy of an object takes longer than everything else that is done here.
    return {
      issuer,
      parameters,
      request,
      note,
      stores,
      keys: clients.clientKeys,
      isClient: async (id) => (await clients.find(id)) !== undefined,
      isActive: isActive && (async (granted) => (await isActive({ ...granted, client })) === true),
      isRecorded: options.audit !== undefined,
      client,
      secretId,
      key,
      proofKey: who.proof?.thumbprint,
      certificate,
      requestedScopes: asked.requested,
      requestedAudiences: target.audiences,
      scopes: asked.scopes,
      audiences: target.audiences ?? allowed.slice(0, 1),
      now: Math.floor(nowMs / 1000),
      nowMs,
    }
  }

  return async (parsed, who, note) => {
    const { grant, caller } = parsed
    if (grant === undefined) return refused('unsupported_grant_type')
    const { client } = who
    if (!client.grants.includes(grant.continues ?? grant.type))
      return refused(caller.method === 'anonymous' ? 'no_authentication' : 'grant_not_allowed')
    const request = requestOf(parsed, who, note)
    return 'refusal' in request ? request : { ok: true, grant, request }
  }
}
