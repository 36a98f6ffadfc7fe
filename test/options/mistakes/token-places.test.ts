import * as verifier from '@countersign/verifier'
import { itTells, loose } from './mistake.js'

const tokenFrom = loose(verifier.tokenFrom)
const sameOrigin = loose(verifier.sameOrigin)
const cloudflareAccess = loose(verifier.cloudflareAccess)
const googleIap = loose(verifier.googleIap)

itTells([
  ['a cookie without csrf', () => tokenFrom({ cookie: { name: 'token' } }), 'tokenFrom: cookie.csrf must be a function, got undefined'],
  [
    'a name of a cookie with a space',
    () => tokenFrom({ cookie: { name: 'a b', csrf: () => true } }),
    'tokenFrom: cookie.name must be the name of a cookie, got a string of 3 characters',
  ],
  [
    'no names of fields',
    () => tokenFrom({ header: [] }),
    'tokenFrom: header must be the name of a header field or a non-empty array, each item the name of a header field, got an empty array',
  ],
  ['headers for header', () => tokenFrom({ headers: 'x-token' }), 'tokenFrom: unknown option "headers"; did you mean "header"?'],
  ['no origins', () => sameOrigin(), 'sameOrigin: origins must be one or more origins such as https://app.example, got none'],
  [
    'an origin with a path',
    () => sameOrigin('https://app.example/'),
    'sameOrigin: origins must be one or more origins such as https://app.example, got a string of 20 characters',
  ],
  [
    'a team with its domain',
    () => cloudflareAccess({ team: 'example.cloudflareaccess.com', audience: 'a' }),
    'cloudflareAccess: team must be the name of a team, without .cloudflareaccess.com, got a string of 28 characters',
  ],
  [
    'no audience',
    () => googleIap({}),
    'googleIap: audience must be a non-empty string, or a non-empty array of such strings, got undefined',
  ],
])
