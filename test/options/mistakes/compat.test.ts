import * as express from '@countersign/express/compat'
import * as passport from '@countersign/express/passport'
import * as koa from '@countersign/koa/compat'
import { itTells, loose } from './mistake.js'

const expressJwt = loose(express.expressJwt)
const koaJwt = loose(koa.koaJwt)
const strategy = loose((...args: unknown[]) => Reflect.construct(passport.CountersignStrategy, args))
const auth = loose(express.auth)
const guard = { check: () => undefined }
const unless = (options: unknown) => (): unknown => (expressJwt(guard) as { unless(given: unknown): unknown }).unless(options)

itTells([
  ['expressJwt without a guard', () => expressJwt(), 'expressJwt: the first argument must be a guard, got undefined'],
  [
    'the options of express-jwt in place of the guard',
    () => expressJwt({ secret: 'x', algorithms: ['RS256'] }),
    'expressJwt: the first argument must be a guard, got an object',
  ],
  [
    'an option of the guard',
    () => expressJwt(guard, { audience: 'api' }),
    'expressJwt: unknown option "audience"; it belongs to the entry of an issuer, for instance jwks({ … })',
  ],
  [
    'keys',
    () => expressJwt(guard, { secret: 'x' }),
    'expressJwt: unknown option "secret"; keys belong to the entry of an issuer: jwks({ … }), jwksRsa({ client, … }) or staticKeys({ secrets, … })',
  ],
  [
    'what lets expired tokens pass',
    () => expressJwt(guard, { ignoreExpiration: true }),
    'expressJwt: unknown option "ignoreExpiration"; a token that expired is always refused',
  ],
  [
    'a member that every object shares',
    () => expressJwt(guard, { requestProperty: '__proto__.auth' }),
    'expressJwt: requestProperty must be a name of a member, or several with dots between them, got a string of 14 characters',
  ],
  [
    'a token in place of a function',
    () => expressJwt(guard, { getToken: 'x' }),
    'expressJwt: getToken must be a function, got a string of 1 character',
  ],
  ['a misspelt path', unless({ paths: '/x' }), 'expressJwt.unless: unknown option "paths"; did you mean "path"?'],
  [
    'a path that is a number',
    unless({ path: 5 }),
    'expressJwt.unless: path must be a non-empty string or a RegExp or an object with url (optional: method, methods) or an array, each item a non-empty string or a RegExp or an object with url (optional: method, methods), got 5',
  ],
  ['koaJwt without a guard', () => koaJwt({}), 'koaJwt: the first argument must be a guard, got an object'],
  ['a cookie', () => koaJwt(guard, { cookie: 'jwt' }), 'koaJwt: unknown option "cookie"; use getToken: (ctx) => ctx.cookies.get(name)'],
  ['passthrough as a word', () => koaJwt(guard, { passthrough: 'yes' }), 'koaJwt: passthrough must be true or false, got "yes"'],
  [
    'a strategy without a callback',
    () => strategy(guard),
    'CountersignStrategy: the verify callback must be a function of the claims and done, got undefined',
  ],
  [
    'a strategy without a guard',
    () => strategy(undefined, () => undefined),
    'CountersignStrategy: the first argument must be a guard, got undefined',
  ],
  [
    'a strategy that lets expired tokens pass',
    () => strategy(guard, () => undefined, { ignoreExpiration: true }),
    'CountersignStrategy: unknown option "ignoreExpiration"; a token that expired is always refused',
  ],
  ['auth without a guard', () => auth({}), 'auth: the first argument must be a guard, got an object'],
  [
    'auth with an option of the guard',
    () => auth(guard, { issuerBaseURL: 'https://login.example' }),
    'auth: unknown option "issuerBaseURL"; it belongs to the entry of an issuer, for instance oidc({ … })',
  ],
  [
    'scopes that are a number',
    () => loose(express.requiredScopes)(5),
    'requiredScopes: scopes must be a string or an array of strings, got 5',
  ],
  [
    'a check that is not a function',
    () => loose(express.claimCheck)('x'),
    'claimCheck: the test must be a function of the payload, got a string of 1 character',
  ],
  ['a claim without a name', () => loose(express.claimEquals)(), 'claimEquals: the name of the claim must be a string, got undefined'],
])
