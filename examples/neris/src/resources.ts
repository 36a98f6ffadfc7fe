import { randomUUID } from 'node:crypto'
import { type Guard, jsonReply, type Requirement, readJson, refuse, type WireRequest } from '@countersign/core'
import { authOf, handle, protect } from '@countersign/express'
import type { Integrations } from '@countersign/integrations'
import { type Request, type RequestHandler, Router } from 'express'
import { detailReply, notJson, unreadable } from './detail.js'
import { entityId } from './entity-id.js'
import { notAllowed } from './mount.js'
import type { NerisAuth, People } from './people.js'

/** A malformed id is 422, as soon as it is known who asks. */
const checkId: RequestHandler = (req, res, next) => {
  if (entityId.test(String(req.params.neris_id))) return next()
  const msg = `String should match pattern '${entityId.source}'`
  const reply = detailReply(422, [{ loc: ['path', 'neris_id'], msg, type: 'string_pattern_mismatch' }])
  handle(async () => reply)(req, res, next)
}

/** What {@link resources} needs. */
export interface ResourcesOptions {
  readonly guard: Guard<NerisAuth>
  readonly people: People
  readonly integrations: Integrations<NerisAuth>
  /** Enrollments that are in the seed and nowhere else. */
  readonly isEnrolledBySeed: (clientId: string, entity: string) => boolean
}

function hasBody({ headers }: WireRequest): boolean {
  return headers['transfer-encoding'] !== undefined || !['0', undefined].includes(headers['content-length'] as string | undefined)
}

/** An incident as it would be kept, or 422. */
async function report(request: WireRequest, reportedBy: string | undefined): Promise<ReturnType<typeof jsonReply>> {
  const body = hasBody(request) ? await readJson(request) : undefined
  if (body?.ok === false)
    return body.status === 413 ? detailReply(413, 'Content Too Large') : detailReply(422, [body.status === 415 ? notJson : unreadable])
  return jsonReply(201, { id: randomUUID(), neris_id: request.params?.neris_id, reported_by: reportedBy })
}

/** Resources that take both signatures. */
export function resources({ guard, people, integrations, isEnrolledBySeed }: ResourcesOptions): Router {
  const entityOf = (req: Request): string => String(req.params.neris_id)
  const isEnrolled = integrations.enrolledFor(entityOf, {
    orElse: ({ via, clientId = '' }, entity) => via === 'neris' && isEnrolledBySeed(clientId, entity),
  })
  const notOfEntity = refuse('forbidden', { description: 'You do not act for this entity.' })

  /** People act for their entities, integrations for those that enrolled them. */
  const actsForEntity: Requirement<NerisAuth, Request> = async (auth, req, context) => {
    if (auth.via === 'neris') return isEnrolled(auth, req, context)
    return (await people.actFor(auth, entityOf(req))) ? undefined : notOfEntity
  }

  const router = Router()
  const show: RequestHandler = (req, res) => void res.json({ neris_id: entityOf(req), name: entityOf(req) })
  const take: RequestHandler = (req, res, next) => {
    handle((request) => report(request, authOf(guard, req).subject))(req, res, next)
  }
  router.route('/v1/entity/:neris_id').get(protect(guard), checkId, show).all(notAllowed('GET, HEAD'))
  router
    .route('/v1/incident/:neris_id')
    .post(protect(guard), checkId, protect(guard, people.noted, actsForEntity), take)
    .all(notAllowed('POST'))
  return router
}
