import { kind, type OptionKind } from '@countersign/core'

/** Where the routes stand, with the names of their parameters. */
export interface IntegrationPaths {
  /** POST. @defaultValue `/entities/:entity_id/integrations` */
  readonly create: string
  /** GET. @defaultValue `/entities/:entity_id/integrations` */
  readonly list: string
  /** DELETE. @defaultValue `/integrations/:client_id` */
  readonly remove: string
  /** POST. @defaultValue `/integrations/:client_id/credentials` */
  readonly addCredential: string
  /** DELETE. @defaultValue `/integrations/:client_id/credentials/:credential_id` */
  readonly removeCredential: string
  /** POST and DELETE. @defaultValue `/entities/:entity_id/enrollments/:client_id` */
  readonly enroll: string
  /**
   * GET. One path with `:entity_or_client_id`, where a UUID is a client and all else an entity; or two.
   * @defaultValue `/entities/:entity_id/enrollments` and `/integrations/:client_id/enrollments`
   */
  readonly enrollments: string | { readonly ofEntity: string; readonly ofIntegration: string }
}

const defaults: IntegrationPaths = Object.freeze({
  create: '/entities/:entity_id/integrations',
  list: '/entities/:entity_id/integrations',
  remove: '/integrations/:client_id',
  addCredential: '/integrations/:client_id/credentials',
  removeCredential: '/integrations/:client_id/credentials/:credential_id',
  enroll: '/entities/:entity_id/enrollments/:client_id',
  enrollments: Object.freeze({ ofEntity: '/entities/:entity_id/enrollments', ofIntegration: '/integrations/:client_id/enrollments' }),
})

/** What the option `paths` must be. */
export const pathsKind: OptionKind = kind.members<Partial<IntegrationPaths>>({
  create: kind.string,
  list: kind.string,
  remove: kind.string,
  addCredential: kind.string,
  removeCredential: kind.string,
  enroll: kind.string,
  enrollments: kind.either(
    kind.string,
    kind.members<Exclude<IntegrationPaths['enrollments'], string>>({
      ofEntity: kind.required(kind.string),
      ofIntegration: kind.required(kind.string),
    }),
  ),
})

/** @throws TypeError for a path without its parameters */
export function checkPaths(given: Partial<IntegrationPaths> = {}): IntegrationPaths {
  const chosen = Object.entries(given).filter(([, path]) => path !== undefined)
  const paths: IntegrationPaths = { ...defaults, ...(Object.fromEntries(chosen) as Partial<IntegrationPaths>) }
  const { create, list, remove, addCredential, removeCredential, enroll, enrollments } = paths
  const needed: readonly (readonly [string, string, ...string[]])[] = [
    ['create', create, 'entity_id'],
    ['list', list, 'entity_id'],
    ['remove', remove, 'client_id'],
    ['addCredential', addCredential, 'client_id'],
    ['removeCredential', removeCredential, 'client_id', 'credential_id'],
    ['enroll', enroll, 'entity_id', 'client_id'],
    ...(typeof enrollments === 'string'
      ? [['enrollments', enrollments, 'entity_or_client_id'] as const]
      : [
          ['enrollments.ofEntity', enrollments.ofEntity, 'entity_id'] as const,
          ['enrollments.ofIntegration', enrollments.ofIntegration, 'client_id'] as const,
        ]),
  ]
  for (const [option, path, ...names] of needed) {
    const parameters = String(path).split('/')
    const wanted = names.map((name) => `:${name}`)
    if (!wanted.every((name) => parameters.includes(name)))
      throw new TypeError(
        `integrationRoutes: paths.${option} must have the parameters ${wanted.join(' and ')}, got ${JSON.stringify(path)}`,
      )
  }
  return paths
}
