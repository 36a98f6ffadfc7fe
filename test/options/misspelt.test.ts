import { describe, expect, it } from 'vitest'
import { type OptionObject, optionObjects, pathAt, valueAt } from './option-types.js'

/** What is called for a request, a token or a key, or is given what a factory made. Its arguments are no options. */
const perCall: Readonly<Record<string, readonly string[]>> = {
  '@countersign/core': [
    'callEndpoint',
    'askInTime',
    'authorizationField',
    'certificateOf',
    'checkSecrets',
    'completeAuditEntry',
    'completeAuditQuery',
    'completeListQuery',
    'completeRevocationQuery',
    'completeScanQuery',
    'createRefreshedCopy',
    'deltaOf',
    'fitsAuditQuery',
    'fitsRevocationQuery',
    // It gets what its callers have checked.
    'fixedTokenPlaces',
    'globalFetch',
    'joinReadiness',
    'headerField',
    'readForm',
    'readJson',
    'refuse',
    'requestUrl',
    'requireAdditions',
    'requireRotation',
    'revocationKey',
    'revocationName',
    'revokeAllOf',
    'routeName',
    'scanPosition',
    'secretsReader',
    'tieRevokeAll',
    'unmatchedReply',
    'unreadBody',
  ],
  '@countersign/core/compat': ['createUnless', 'headersOf', 'isOutage', 'presentedToken', 'withToken'],
  '@countersign/grants': ['refuseToken'],
  '@countersign/integrations': ['requestRefusal'],
  '@countersign/jwt': [
    'answerFrom',
    'checkTimes',
    'createKeySet',
    'importPublicKey',
    'importSecret',
    'parseJws',
    'parseJwt',
    'selectKey',
    'signJwt',
    'verifySignature',
  ],
  '@countersign/jwt/dpop': ['readProof'],
  // They get the options of a preset, which has checked them.
  '@countersign/jwt/jwks': ['boundedFetch', 'createRefreshingKeys', 'discoveredUrl', 'importMembers', 'loadJwks', 'refreshTimes'],
  '@countersign/nonce': ['readJsonSubmission'],
  '@countersign/testkit': [
    'breakableProxy',
    'forgeToken',
    'malformedTokens',
    'privateKeyOf',
    'publicJwkOf',
    'publicKeyOf',
    'rawSigner',
    'renameKey',
    'signToken',
  ],
  '@countersign/verifier': ['protectedResourceMetadata'],
}

const isPerCall = ({ entryPoint, name }: OptionObject): boolean => perCall[entryPoint]?.includes(name) ?? false
const found = optionObjects()
const options = found.filter((one) => !isPerCall(one))

/** What a call with options in one place throws; undefined where it throws nothing. */
async function thrownBy({ entryPoint, name, parameter, steps }: OptionObject, content: unknown): Promise<unknown> {
  const module = (await import(entryPoint)) as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>
  const args = [...Array.from({ length: parameter }), valueAt(steps, content)]
  try {
    await module[name]?.(...args)
    return undefined
  } catch (error) {
    return error
  }
}

const messageOf = (error: unknown): string => (error instanceof TypeError ? error.message : `no TypeError: ${String(error)}`)
/** Among secrets a host may have put one where a name belongs. */
const holdsSecrets = ({ members }: OptionObject): boolean =>
  ['current,previous', 'id,secret'].includes(
    members
      .map(({ name }) => name)
      .sort()
      .join(),
  )
const rows = options.map((one) => [`${one.entryPoint} ${one.name} ${pathAt(one, '')}`, one] as const)

describe('options', () => {
  it('are found in the types, however deep', () => {
    const paths = found.flatMap((one) => one.members.map(({ name }) => `${one.name} ${pathAt(one, name)}`))
    expect(paths).toEqual(
      expect.arrayContaining([
        'createAuthorizationServer tokenEndpoint.rateLimits.failures.limit',
        'createAuthorizationServer secrets.refreshToken.previous[0].id',
        'createGuard cache.maxEntries',
        'createGuard tokenFrom.query',
        'createNonces purposes.any.audiences',
        'createTokenEndpoint rateLimits.failures.limit',
        'jwtBearer trusted.audiences',
        'routes table[0].method',
        'staticKeys secrets.previous[0].id',
      ]),
    )
  })

  it('are those of a factory, unless the call is listed here', () => {
    const listed = Object.entries(perCall).flatMap(([entryPoint, names]) => names.map((name) => `${entryPoint} ${name}`))
    expect(listed.filter((one) => !found.some(({ entryPoint, name }) => one === `${entryPoint} ${name}`))).toEqual([])
  })
})

describe.each(rows)('%s', (_title, one) => {
  it('tells a misspelt name by its whole path, whatever its value', async () => {
    const error = await thrownBy(one, { zzMisspelt: undefined })
    const shown = holdsSecrets(one)
      ? `in ${JSON.stringify(pathAt(one, '').replace(/\.$/, ''))}, whose name is not shown because it may be a secret`
      : JSON.stringify(pathAt(one, 'zzMisspelt'))
    expect(messageOf(error)).toContain(`: unknown option ${shown}; `)
  })

  it('tells what each option must be and what it was', async () => {
    for (const { name } of one.members) {
      const message = messageOf(await thrownBy(one, { [name]: Symbol('wrong') }))
      expect(message).toContain(`: ${pathAt(one, name)} must be `)
      expect(message).toMatch(/, got a symbol$/)
    }
  })

  it('shows no text that may be a secret', async () => {
    const secret = 'this-could-be-a-secret-0123456789'
    for (const { name } of one.members.filter(({ isText }) => isText))
      expect(messageOf(await thrownBy(one, { [name]: secret }))).not.toContain(secret)
  })
})
