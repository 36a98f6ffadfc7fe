import { createShadowReport, eventChannel, reasons, routeName, type ShadowEvent } from '@countersign/core'
import { fixedClock } from '@countersign/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'

const channel = eventChannel('countersign:shadow')
const agreed: ShadowEvent = {
  route: 'GET /users/:id',
  via: 'main',
  issuer: 'https://issuer.test',
  old: 'admitted',
  new: 'admitted',
  reason: undefined,
  detail: undefined,
  isDifferent: false,
  isEnforced: false,
}
const differs: ShadowEvent = {
  ...agreed,
  new: 'refused',
  reason: 'claims',
  detail: { expected: 'exp: a number of seconds', received: 'nothing' },
  isDifferent: true,
}

function start(options: Parameters<typeof createShadowReport>[0] = {}) {
  const clock = fixedClock(1_800_000_000)
  const report = createShadowReport({ now: clock.now, requests: 3, seconds: 60, ...options })
  onTestFinished(() => report.close())
  return { report, clock }
}
const publish = (event: ShadowEvent, times = 1): void => {
  for (let at = 0; at < times; at++) channel.publish(event)
}

describe('a shadow report', () => {
  it('has four cells by route, issuer and reason', () => {
    const { report } = start()
    publish(agreed, 4)
    publish(differs, 2)
    publish({ ...agreed, old: 'refused', isDifferent: true })
    publish({ ...differs, old: 'refused', isDifferent: false, via: undefined, issuer: 'https://stranger.test', reason: 'unknown_issuer' })
    expect(report.toJSON()).toMatchObject({
      since: 1_800_000_000,
      requests: 8,
      bothAdmitted: 4,
      bothRefused: 1,
      onlyOldAdmitted: 2,
      onlyNewAdmitted: 1,
      rows: [
        { route: 'GET /users/:id', issuer: 'main', reason: '', bothAdmitted: 4, onlyNewAdmitted: 1 },
        { issuer: 'main', reason: 'claims', onlyOldAdmitted: 2 },
        { issuer: 'https://stranger.test', reason: 'unknown_issuer', bothRefused: 1 },
      ],
      reasons: [{ reason: 'claims', requests: 2, issuers: ['main'], option: undefined, detail: { received: 'nothing' } }],
    })
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ requests: 8 })
  })

  it('is a text table that says what would admit a reason, and what that costs', () => {
    const { report } = start()
    publish(agreed)
    publish(differs)
    publish({ ...differs, reason: 'audience' })
    const table = report.table()
    expect(table).toContain('route           issuer  reason    both admit  both refuse  only old admits  only new admits\n')
    expect(table).toContain('GET /users/:id  main    claims    0           0            1                0\n')
    expect(table).toContain(
      'claims: 1 requests, of main\n  No option admits it. A token without exp never ends, and requireExpiry: false is not offered',
    )
    expect(table).toContain('audience: 1 requests, of main\n  admitted by audience of the entry. Tokens for another API are accepted here')
    expect(table).toContain('safe to enforce: no, 0 of 3 requests and 0 of 60 s without a difference; the last one was: audience')
  })

  it('says that it is safe after enough requests and time without a difference, and begins again with each', () => {
    const { report, clock } = start()
    const isSafe = (): boolean => report.toJSON().enforce.isSafe
    publish(agreed, 3)
    expect(isSafe()).toBe(false)
    clock.advance(60)
    expect(isSafe()).toBe(true)
    publish(differs)
    expect(isSafe()).toBe(false)
    clock.advance(60)
    publish(agreed, 2)
    expect(isSafe()).toBe(false)
    publish(agreed)
    expect(isSafe()).toBe(true)
    for (const event of [
      { ...agreed, new: 'unavailable', reason: 'key_source_unavailable' },
      { ...agreed, new: 'failed' },
    ] as const) {
      publish(event)
      expect(isSafe()).toBe(false)
      clock.advance(60)
      publish(agreed, 3)
      expect(isSafe()).toBe(true)
    }
  })

  it('does not count a refusal that is wanted as a difference, but shows it', () => {
    const { report, clock } = start({ expected: ['claims'] })
    publish(differs, 3)
    clock.advance(60)
    expect(report.toJSON()).toMatchObject({ onlyOldAdmitted: 3, enforce: { isSafe: true } })
    publish({ ...agreed, old: 'refused', isDifferent: true })
    expect(report.toJSON().enforce.isSafe).toBe(false)
  })

  it('counts what was not compared and what was enforced apart', () => {
    const { report } = start()
    publish({ ...agreed, old: undefined })
    publish({ ...agreed, new: 'skipped' })
    publish({ ...agreed, isEnforced: true })
    publish({ ...differs, old: undefined, isDifferent: false, isEnforced: true })
    expect(report.toJSON()).toMatchObject({
      requests: 1,
      notCompared: { unavailable: 0, failed: 0, skipped: 1, unknown: 1 },
      enforced: { admitted: 1, refused: 1 },
    })
  })

  it('stays small while strangers choose issuers and paths', () => {
    const { report } = start()
    for (let at = 0; at < 5_000; at++)
      publish({
        ...differs,
        route: `GET /${'x'.repeat(at % 50)}/${at}`,
        via: undefined,
        issuer: `https://${at}.test`,
        reason: 'unknown_issuer',
      })
    const { rows, reasons: found, requests } = report.toJSON()
    expect(requests).toBe(5_000)
    expect(rows.length).toBeLessThanOrEqual(1_001)
    expect(rows.reduce((sum, row) => sum + row.onlyOldAdmitted, 0)).toBe(5_000)
    expect(found[0]?.issuers.length).toBe(101)
  })

  it('counts nothing after it was closed', () => {
    const { report } = start()
    report.close()
    publish(agreed)
    expect(report.toJSON().requests).toBe(0)
  })

  it('has a sentence for each reason', () => {
    const { report } = start()
    for (const reason of reasons) publish({ ...differs, reason })
    const found = report.toJSON().reasons
    expect(found.length).toBe(reasons.length)
    expect(found.filter(({ cost }) => !/^[A-Z].{15,}[.]$/.test(cost) && cost !== 'No option admits it.')).toEqual([])
  })
})

describe('the name of a route', () => {
  it.each([
    [{ method: 'GET', url: '/users/7?x=1' }, 'GET /users/:value'],
    [{ method: 'GET', url: '/v1/users/0f8b2c/orders' }, 'GET /v1/users/:value/orders'],
    [{ method: 'GET', url: '/mail/a.person@example.org' }, 'GET /mail/:value'],
    [{ method: 'POST', url: '/users/7', mountedAt: '', pattern: '/users/:id' }, 'POST /users/:id'],
    [{ method: 'POST', url: '/tenants/7/users/8', mountedAt: '/tenants/7', pattern: '/users/:id' }, 'POST /tenants/:value/users/:id'],
    [{ method: 'GET', url: '/files/7', pattern: /files/ }, 'GET /files/:value'],
    [{ method: undefined, url: '' }, ' '],
  ])('of %o is %s', (request, name) => {
    expect(routeName(request)).toBe(name)
  })

  it('is short', () => {
    expect(routeName({ method: 'GET', url: `/${'name/'.repeat(1_000)}` }).length).toBeLessThanOrEqual(200)
  })
})
