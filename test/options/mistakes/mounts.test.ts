import * as express from '@countersign/express'
import { itTells, loose } from './mistake.js'

const protect = loose(express.protect)
const handle = loose(express.handle)
const routes = loose(express.routes)
const asyncHandler = loose(express.asyncHandler)
const shadow = loose(express.shadow)
const enforce = loose(express.enforce)
const createShadowReport = loose(express.createShadowReport)
const guard = { dryRun: () => undefined, claimedSender: () => undefined }

const endpoint = async (): Promise<object> => ({ status: 200 })
const get = { method: 'GET', path: '/jobs', endpoint }

itTells([
  ['a guard that is missing', () => protect(undefined), 'protect: the first argument must be a guard, got undefined'],
  [
    'a requirement that was called too early',
    () => protect({ check: () => undefined }, true),
    "protect: a requirement must be a function such as requireScopes('a') returns, got true",
  ],
  [
    'a misspelt option of protect',
    () => protect({ check: () => undefined }, { onRefusal: () => undefined }),
    'protect: unknown option "onRefusal"; did you mean "onRefused"?',
  ],
  [
    'what to do with a refusal, that is not a function',
    () => protect({ check: () => undefined }, { onRefused: true }),
    'protect: onRefused must be a function, got true',
  ],
  [
    'options that do not stand last',
    () => protect({ check: () => undefined }, { onRefused: () => undefined }, () => undefined),
    "protect: a requirement must be a function such as requireScopes('a') returns, got an object",
  ],
  ['no endpoint', () => handle(undefined), 'handle: the endpoint must be a function, got undefined'],
  ['an endpoint that is not there yet', () => handle(Promise.resolve(endpoint)), 'handle: the endpoint must be a function, got a Promise'],
  ['a route without a slash', () => routes([{ ...get, path: 'jobs' }]), 'routes: table[0].path must begin with a slash, got "jobs"'],
  [
    'a parameter without a name',
    () => routes([get, { ...get, path: '/jobs/:' }]),
    'routes: table[1].path must have a different name for each parameter, got "/jobs/:"',
  ],
  ['a route that is there twice', () => routes([get, get]), 'routes: table must not have a method and path twice, got "GET /jobs" twice'],
  [
    'a route table that is an object',
    () => routes(get),
    'routes: table must be an array, each item an object with method, path, endpoint, got an object',
  ],
  [
    'a handler that was called',
    () => asyncHandler(Promise.resolve()),
    'asyncHandler: handler must be a function of req, res and next, got a Promise',
  ],
  [
    'a guard without a dry run',
    () => shadow({ check: () => undefined }),
    'shadow: the first argument must be a guard that createGuard returned, got an object',
  ],
  ['a requirement in place of options', () => shadow(guard, () => undefined), 'shadow: the options must be an object, got a function'],
  ['a misspelt option of shadow', () => shadow(guard, { timeout: 5 }), 'shadow: unknown option "timeout"; did you mean "timeoutMs"?'],
  ['a sample in percent', () => shadow(guard, { sample: 10 }), 'shadow: sample must be a number, from 0 to 1, got 10'],
  ['nobody chosen', () => enforce(guard, {}), 'enforce: percentage or when must be given, got neither'],
  ['two ways to choose', () => enforce(guard, { percentage: 1, when: () => true }), 'enforce: percentage or when must be given, got both'],
  [
    'a percentage beyond all',
    () => enforce(guard, { percentage: 101 }),
    'enforce: percentage must be a number, from 0 to 100 or a function, got 101',
  ],
  [
    'a reason that is not one',
    () => createShadowReport({ expected: ['audiences'] }),
    'createShadowReport: expected[0] must be a reason of refusal, got a string of 9 characters',
  ],
])
