import { eventChannel } from '@countersign/core'
import { instrument } from '@countersign/opentelemetry'
import { prometheus } from '@countersign/opentelemetry/prometheus'
import { createFakeIssuer, signToken, testKeys } from '@countersign/testkit'
import { createGuard, jwks } from '@countersign/verifier'
import { Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { exporters, withOpenTelemetry, withPromClient } from './exporters.js'

const audience = 'https://api.example'

/** A guard that trusts one issuer, and tokens for it. */
async function host() {
  const issuer = await createFakeIssuer({ keys: [testKeys.es256] })
  onTestFinished(() => issuer.close())
  const guard = createGuard({
    issuers: { partner: jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['ES256'], audience }) },
  })
  onTestFinished(() => guard.close())
  const now = Math.floor(Date.now() / 1_000)
  const token = (claims: object = {}): Promise<string> =>
    signToken({ key: testKeys.es256, claims: { iss: issuer.issuer, aud: audience, sub: 'somebody', exp: now + 600, ...claims } })
  const send = (sent: string): Promise<unknown> => guard.check({ headers: { authorization: `Bearer ${sent}` } })
  return { token, send, stop: () => issuer.close() }
}

describe.each(exporters)('metrics through %s', (_name, start) => {
  it('have the values of known traffic', async () => {
    const exporter = start({ guardDurationsOneIn: 1 })
    onTestFinished(exporter.end)
    const { token, send } = await host()
    const good = await token()
    for (const sent of [good, good, good, await token({ exp: 1_000 }), await token({ aud: 'https://other.example' }), 'no.token'])
      await send(sent)
    for (let at = 0; at < 5; at++) await send(await token({ iss: `https://stranger-${at}.example` }))

    const read = await exporter.read()
    const of = (prefix: string): object => Object.fromEntries([...read].filter(([line]) => line.startsWith(prefix)))
    expect(of('countersign_guard_accepted_total')).toEqual({
      'countersign_guard_accepted_total{cached="false",via="partner"}': 1,
      'countersign_guard_accepted_total{cached="true",via="partner"}': 2,
    })
    expect(of('countersign_guard_refused_total')).toEqual({
      'countersign_guard_refused_total{reason="audience",via="partner"}': 1,
      'countersign_guard_refused_total{reason="expired",via="partner"}': 1,
      'countersign_guard_refused_total{reason="malformed",via="unknown"}': 1,
      'countersign_guard_refused_total{reason="unknown_issuer",via="unknown"}': 5,
    })
    expect(of('countersign_guard_duration_seconds_count')).toEqual({
      'countersign_guard_duration_seconds_count{cached="false",outcome="accepted"}': 1,
      'countersign_guard_duration_seconds_count{cached="true",outcome="accepted"}': 2,
      'countersign_guard_duration_seconds_count{cached="false",outcome="refused"}': 8,
    })
    expect(of('countersign_key_source_')).toMatchObject({
      'countersign_key_source_keys{via="partner"}': 1,
      'countersign_key_source_loads_total{outcome="loaded",via="partner"}': 1,
    })
    const age = read.get('countersign_key_source_age_seconds{via="partner"}')
    expect(age).toBeGreaterThanOrEqual(0)
    expect(age).toBeLessThan(20)
  })

  it('stay few under 10,000 hostile issuers and kids', async () => {
    const exporter = start()
    onTestFinished(exporter.end)
    const { token, send } = await host()
    const good = await token()
    await send(good)
    const [, , signature] = good.split('.')
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const payload = JSON.parse(Buffer.from(good.split('.')[1] ?? '', 'base64url').toString()) as object
    const before = (await exporter.read()).size
    // All at once: one after the other, each unknown kid would wait for a load of the keys.
    await Promise.all(
      Array.from({ length: 10_000 }, (_, at) => {
        const claims = at % 2 === 0 ? { ...payload, iss: `https://${at}.hostile.example` } : payload
        return send(`${encoded({ alg: 'ES256', kid: `hostile-${at}` })}.${encoded(claims)}.${signature}`)
      }),
    )
    const after = await exporter.read()
    const refused = (reason: string, via: string): number =>
      after.get(`countersign_guard_refused_total{reason="${reason}",via="${via}"}`) ?? 0
    expect(refused('unknown_issuer', 'unknown')).toBe(5_000)
    expect(refused('unknown_key', 'partner')).toBeGreaterThan(0)
    // Beyond 1,000 requests that wait for a load of the keys, nobody looks.
    expect(refused('unknown_key', 'partner') + refused('key_source_unavailable', 'partner')).toBe(5_000)
    expect(after.size - before).toBeLessThan(60)
    expect([...after.keys()].filter((line) => line.includes('hostile'))).toEqual([])
  })

  it('put everything beyond 1,000 series into one', async () => {
    const exporter = start()
    onTestFinished(exporter.end)
    const accepted = eventChannel('countersign:accepted')
    for (let at = 0; at < 3_000; at++)
      accepted.publish({ via: `tenant-${at}`, issuer: `https://${at}.example`, cached: false, durationMs: 1 })
    const lines = [...(await exporter.read())].filter(([line]) => line.startsWith('countersign_guard_accepted_total'))
    expect(lines.length).toBe(1_001)
    expect(Object.fromEntries(lines)['countersign_guard_accepted_total{cached="other",via="other"}']).toBe(2_000)
  })

  it('count every other event', async () => {
    const exporter = start()
    onTestFinished(exporter.end)
    eventChannel('countersign:anonymous').publish({ durationMs: 1 })
    eventChannel('countersign:revocation').publish({ outcome: 'revoked', type: 'jti', issuer: 'https://issuer.example' })
    for (const outcome of ['stale', 'stale', 'recovered'] as const) eventChannel('countersign:revocation').publish({ outcome })
    eventChannel('countersign:key').publish({ action: 'rotate', owner: 'https://issuer.example', outcome: 'done', kid: 'k' })
    eventChannel('countersign:nonce').publish({ action: 'spend', outcome: 'spent', jti: 'j' })
    eventChannel('countersign:token').publish({ outcome: 'issued', grant: 'client_credentials', clientId: 'c', durationMs: 20 })
    eventChannel('countersign:token').publish({ outcome: 'refresh_reused', grant: 'refresh_token', clientId: 'c', durationMs: 20 })
    eventChannel('countersign:token').publish({ outcome: 'malformed_request', durationMs: 20 })
    eventChannel('countersign:client').publish({ action: 'lock', clientId: 'c', outcome: 'done' })
    eventChannel('countersign:token-revocation').publish({ outcome: 'revoked', clientId: 'c', durationMs: 1 })
    eventChannel('countersign:introspection').publish({ outcome: 'inactive', reason: 'expired', durationMs: 1 })
    eventChannel('countersign:introspected').publish({ via: 'hydra', outcome: 'failed', durationMs: 1 })
    eventChannel('countersign:integration').publish({ action: 'create', outcome: 'done', by: 'somebody' })
    eventChannel('countersign:audit').publish({ outcome: 'lost', count: 7 })
    eventChannel('countersign:dpop').publish({ outcome: 'per_process' })
    const compared = {
      route: 'GET /',
      via: 'main',
      issuer: 'https://issuer.example',
      detail: undefined,
      isDifferent: true,
      isEnforced: false,
    }
    eventChannel('countersign:shadow').publish({ ...compared, old: 'admitted', new: 'refused', reason: 'audience' })
    const read = await exporter.read()
    const expected = {
      'countersign_dpop_total{outcome="per_process"}': 1,
      'countersign_shadow_requests_total{new="refused",old="admitted",reason="audience",via="main"}': 1,
      countersign_guard_anonymous_total: 1,
      'countersign_revocations_total{outcome="revoked",type="jti"}': 1,
      'countersign_revocations_total{outcome="stale",type="none"}': 2,
      countersign_revocation_view_stale: 1,
      'countersign_key_changes_total{action="rotate",outcome="done"}': 1,
      'countersign_nonces_total{action="spend",outcome="spent"}': 1,
      'countersign_token_requests_total{grant_type="client_credentials",outcome="issued"}': 1,
      'countersign_token_requests_total{grant_type="refresh_token",outcome="refresh_reused"}': 1,
      'countersign_token_requests_total{grant_type="unknown",outcome="malformed_request"}': 1,
      'countersign_token_duration_seconds_count{grant_type="client_credentials"}': 1,
      'countersign_token_duration_seconds_bucket{grant_type="client_credentials",le="0.025"}': 1,
      'countersign_token_duration_seconds_bucket{grant_type="client_credentials",le="0.01"}': 0,
      'countersign_client_changes_total{action="lock",outcome="done"}': 1,
      'countersign_token_revocation_requests_total{outcome="revoked"}': 1,
      'countersign_introspection_requests_total{outcome="inactive",reason="expired"}': 1,
      'countersign_introspection_questions_total{outcome="failed",via="hydra"}': 1,
      'countersign_integration_changes_total{action="create",outcome="done"}': 1,
      'countersign_audit_missing_total{outcome="lost"}': 7,
    }
    expect(Object.fromEntries(Object.keys(expected).map((line) => [line, read.get(line)]))).toEqual(expected)
  })

  it('stop at the end', async () => {
    const exporter = start()
    onTestFinished(exporter.end)
    const anonymous = eventChannel('countersign:anonymous')
    anonymous.publish({ durationMs: 1 })
    expect((await exporter.read()).get('countersign_guard_anonymous_total')).toBe(1)
    exporter.end()
    expect(anonymous.hasSubscribers).toBe(false)
    anonymous.publish({ durationMs: 1 })
    expect((await exporter.read()).get('countersign_guard_anonymous_total')).not.toBe(2)
  })

  it('record the duration of the chosen requests alone', async () => {
    let at = 0
    const exporter = start({ guardDurationsOneIn: 4, random: () => (at++ % 4) / 4 })
    onTestFinished(exporter.end)
    for (let sent = 0; sent < 40; sent++)
      eventChannel('countersign:accepted').publish({ via: 'partner', issuer: 'https://issuer.example', cached: true, durationMs: 1 })
    const read = await exporter.read()
    expect(read.get('countersign_guard_accepted_total{cached="true",via="partner"}')).toBe(40)
    expect(read.get('countersign_guard_duration_seconds_count{cached="true",outcome="accepted"}')).toBe(10)
  })
})

// The SDK of OpenTelemetry repeats the last value of an attribute that is not observed any more.
it('prom-client forgets the keys of an issuer that was removed', async () => {
  const exporter = withPromClient()
  onTestFinished(exporter.end)
  eventChannel('countersign:key-source').publish({ via: 'partner', outcome: 'loaded', keys: 2, durationMs: 1 })
  const gauges = async (): Promise<readonly string[]> =>
    [...(await exporter.read()).keys()].filter((line) => /^countersign_key_source_(keys|age)/.test(line))
  expect((await gauges()).length).toBe(2)
  eventChannel('countersign:issuer').publish({ outcome: 'removed', via: 'partner' })
  expect(await gauges()).toEqual([])
})

it('both ways give the same names', async () => {
  const both = [withOpenTelemetry({ guardDurationsOneIn: 1 }), withPromClient({ guardDurationsOneIn: 1 })] as const
  for (const { end } of both) onTestFinished(end)
  const { token, send } = await host()
  await send(await token())
  eventChannel('countersign:token').publish({ outcome: 'issued', grant: 'client_credentials', durationMs: 20 })
  eventChannel('countersign:anonymous').publish({ durationMs: 1 })
  const [ours, theirs] = await Promise.all(
    both.map(async ({ read }) => [...(await read()).keys()].filter((line) => line.startsWith('countersign_')).sort()),
  )
  expect(ours).toEqual(theirs)
})

it('wrong options are told at once', () => {
  expect(() => instrument({ meterProvider: {} as never })).toThrow(
    'instrument: meterProvider must be a MeterProvider of OpenTelemetry, got an object',
  )
  expect(() => prometheus({ guardDurationsOneIn: 0 })).toThrow('prometheus: guardDurationsOneIn must be an integer, 1 or more, got 0')
})

it('one registry takes the metrics once', () => {
  const register = new Registry()
  const end = prometheus({ register })
  expect(() => prometheus({ register })).toThrow(/already been registered/)
  end()
  prometheus({ register })()
})
