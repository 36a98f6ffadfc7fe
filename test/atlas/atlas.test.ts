import { signToken } from '@countersign/testkit'
import { cognito, createVerifier, type IssuerEntry, jwks, oidc, type Verifier } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { atlas } from './atlas.js'
import { atlasDocument } from './atlas-document.js'
import { type AtlasEntry, type AtlasRow, now } from './atlas-row.js'

/** Serves the documents of one row at their real addresses, and nothing else. */
function fetchFor(row: AtlasRow): typeof fetch {
  const documents: Record<string, unknown> = { [row.jwksUrl]: { keys: row.jwks } }
  const [preset, options] = row.entry
  if (preset === 'oidc') {
    const base = options.issuer.endsWith('/') ? options.issuer : `${options.issuer}/`
    documents[`${base}.well-known/openid-configuration`] = { issuer: options.issuer, jwks_uri: row.jwksUrl }
  }
  return async (input) => {
    const document = documents[input instanceof Request ? input.url : input.toString()]
    return document === undefined ? new Response('', { status: 404 }) : Response.json(document)
  }
}

function entryOf([preset, options]: AtlasEntry): IssuerEntry<object> {
  if (preset === 'jwks') return jwks(options)
  return preset === 'oidc' ? oidc(options) : cognito(options)
}

function verifierFor(row: AtlasRow): Verifier {
  return createVerifier({ issuers: { it: entryOf(row.entry) as IssuerEntry }, now: () => now * 1000, fetch: fetchFor(row) })
}

function tokenOf(
  row: AtlasRow,
  changes: { claims?: Readonly<Record<string, unknown>>; header?: Readonly<Record<string, unknown>> } = {},
): Promise<string> {
  return signToken({
    key: row.key,
    header: { kid: undefined, typ: undefined, ...row.header, ...changes.header },
    claims: { ...row.claims, ...changes.claims },
  })
}

describe.each(atlas)('$name', (row) => {
  it('is accepted by its entry, which reads subject, client and scopes of it', async () => {
    const verifier = verifierFor(row)
    const outcome = await verifier.verify(await tokenOf(row))
    await verifier.close()
    expect(outcome).toMatchObject({ ok: true, auth: { via: 'it', issuer: row.claims.iss } })
    if (!outcome.ok) return
    const { subject, clientId, scopes, claims } = outcome.auth
    expect({ subject, clientId, scopes }).toEqual({ subject: undefined, clientId: undefined, ...row.gives })
    expect(claims).toEqual(row.claims)
  })

  it.each(row.nearMisses)('is refused as $name', async ({ reason, ...changes }) => {
    const verifier = verifierFor(row)
    const outcome = await verifier.verify(await tokenOf(row, changes))
    await verifier.close()
    expect(outcome).toMatchObject({ ok: false, refusal: { reason } })
  })

  it('is refused by every other entry of the atlas', async () => {
    const token = await tokenOf(row)
    const believers: string[] = []
    for (const other of atlas) {
      const [, { issuer }] = other.entry as readonly [string, { issuer?: string | readonly string[] }]
      // Entries of one issuer may well accept each other's tokens.
      if (other === row || issuer === undefined || [issuer].flat().includes(String(row.claims.iss))) continue
      const verifier = verifierFor(other)
      const outcome = await verifier.verify(token)
      if (outcome.ok || outcome.refusal.reason !== 'unknown_issuer') believers.push(other.name)
      await verifier.close()
    }
    expect(believers).toEqual([])
  })
})

describe('the atlas', () => {
  it('has a name and a near miss for every row', () => {
    expect(new Set(atlas.map(({ name }) => name)).size).toBe(atlas.length)
    expect(atlas.filter(({ nearMisses }) => nearMisses.length === 0)).toEqual([])
    expect(atlas.length).toBeGreaterThanOrEqual(30)
  })

  it('is what docs/atlas.md says', async () => {
    await expect(atlasDocument(atlas)).toMatchFileSnapshot('../../docs/atlas.md')
  })
})
