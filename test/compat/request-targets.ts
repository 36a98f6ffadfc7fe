import type { RequestListener } from 'node:http'
import { expect } from 'vitest'
import { answersTo, type Probe } from './probe.js'

const probe = (path: string): Probe => ({ name: path, request: { path, headers: [] } })

/** Request targets that routers and readers of URLs read in different ways. No path of them is left out by the old packages. */
const protectedTargets: readonly Probe[] = [
  'http://a:x/health',
  'http://a:secret',
  'http://a:secret/',
  'http://a:x/path/open',
  'http://a;x/health',
  'http://a%2fb/health',
  '//a/health',
  '//health',
  '/health/x',
  '/x/health',
  '/x?/health',
  '/x#/health',
  '/x#.css',
  '/x?.css',
  '/\\health',
  '/x',
].map(probe)

/** Targets whose path is left out by both packages. */
const openTargets: readonly Probe[] = [
  '/',
  '/?x=1',
  '/health',
  '/health?x=http://a:x/',
  '/style.css',
  'http://a',
  'http://a/',
  'http://a:80/health?x=1',
  'HTTP://A.example/path/open',
  'http://[::1]:80/health',
].map(probe)

/** Targets that no client sends. The old packages leave them out, ours does not. */
const oddTargets: readonly Probe[] = ['/health#x', '//a@b/health', 'http://u:p@a/health', 'http://a:x/style.css'].map(probe)

type Statuses = Readonly<Record<string, number>>

async function statusesOf(probes: readonly Probe[], app: RequestListener): Promise<Statuses> {
  return Object.fromEntries([...(await answersTo(probes, app))].map(([name, { status }]) => [name, status]))
}

const allWith = (probes: readonly Probe[], status: number): Statuses => Object.fromEntries(probes.map(({ name }) => [name, status]))

/** Expects that two apps let the same targets pass without a token, but for some that only the old one lets pass. */
export async function expectSameTargets(old: RequestListener, ours: RequestListener): Promise<void> {
  for (const app of [old, ours]) {
    expect(await statusesOf(protectedTargets, app)).toEqual(allWith(protectedTargets, 401))
    expect(await statusesOf(openTargets, app)).toEqual(allWith(openTargets, 200))
  }
  expect(await statusesOf(oddTargets, old)).toEqual(allWith(oddTargets, 200))
  expect(await statusesOf(oddTargets, ours)).toEqual(allWith(oddTargets, 401))
}
