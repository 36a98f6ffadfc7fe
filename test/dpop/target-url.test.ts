import { requestPath } from '@countersign/jwt/dpop'
import { expect, it } from 'vitest'
import { isSameTarget } from '../../packages/jwt/src/dpop/target-url.js'

const target = 'https://api.example/a-b/c'

it.each([
  'https://api.example/a-b/c',
  'https://api.example/a-b/c?x=1',
  'https://api.example/a-b/c#x',
  'https://api.example:443/a-b/c',
  'https://api.example:/a-b/c',
  'HTTPS://API.EXAMPLE/a-b/c',
  'https://api.example/%61%2Db/%63',
  'https://api.example/%61%2db/c',
  'https://api.example/./a-b/x/../c',
  'https://api.example/../a-b/c',
  'https://api.example/x/%2e%2E/a-b/c',
])('%s is the same target', (htu) => {
  expect(isSameTarget(htu, target)).toBe(true)
})

it.each([
  'https://api.example/a-b/c?x=/../',
  'https://api.example:443/a-b/c',
  'HTTPS://API.EXAMPLE/a-b/c',
  'https://api.example/%61%2Db/%63',
])('the request for %s has that target', (url) => {
  expect(isSameTarget(target, url)).toBe(true)
})

it.each([
  '/accounts/../drafts/1',
  '/accounts/%2e%2e/drafts/1',
  '/accounts/%2E./drafts/1',
  '/accounts/.%2e/drafts/1?x=1',
  '/./drafts/1',
  '/%2e/drafts/1',
  '/../drafts/1',
  '/drafts/x/../1',
  '/drafts/1/.',
  '/drafts/1/x/..',
  '/drafts/1/x/%2E%2e#x',
])('the request for %s has no target: not even its own text is the same', (path) => {
  const url = `https://api.example${path}`
  for (const htu of [url, 'https://api.example/drafts/1', 'https://api.example/drafts/1/', 'https://api.example/accounts/drafts/1'])
    expect(isSameTarget(htu, url)).toBe(false)
})

it.each(['/.well-known/x', '/a../b', '/..a/b', '/.../b', '/a%2e%2e/b', '/%252e%252e/b', '/a?x=/../b'])(
  'the dots of %s are no segments',
  (path) => {
    const url = `https://api.example${path}`
    expect(isSameTarget(url, url)).toBe(true)
  },
)

it.each([
  'http://api.example/a-b/c',
  'https://api.example:8443/a-b/c',
  'https://api.example:80/a-b/c',
  'https://api.example./a-b/c',
  'https://api.example.evil.test/a-b/c',
  'https://evil.test/https://api.example/a-b/c',
  'https://user@api.example/a-b/c',
  'https://api.example@evil.test/a-b/c',
  'https://api.example\\@evil.test/a-b/c',
  'https:\\\\api.example\\a-b\\c',
  'https:/api.example/a-b/c',
  'https:api.example/a-b/c',
  '//api.example/a-b/c',
  '/a-b/c',
  '',
  'https://',
  'https:///a-b/c',
  ' https://api.example/a-b/c',
  'https://api.example/a-b/c\n',
  'https://api.exa\tmple/a-b/c',
  'https://api.example/a-b/c/',
  'https://api.example/a-b//c',
  'https://api.example/A-b/c',
  'https://api.example/a-b%2Fc',
  'https://api.example/a-b/c%zz',
  'https://api.example/a-b/ç',
  'ftp://api.example/a-b/c',
  'https://api.example:x/a-b/c',
])('%j is another target', (htu) => {
  expect(isSameTarget(htu, target)).toBe(false)
})

it('a slash that is encoded is never a slash', () => {
  expect(isSameTarget('https://a.test/x%2fy', 'https://a.test/x%2Fy')).toBe(true)
  expect(isSameTarget('https://a.test/x%2fy', 'https://a.test/x/y')).toBe(false)
})

it('no path is the path of one slash', () => {
  expect(isSameTarget('https://a.test', 'https://a.test/')).toBe(true)
  expect(isSameTarget('http://a.test:80?x', 'http://a.test/')).toBe(true)
})

it('an address of IPv6 is a host', () => {
  expect(isSameTarget('http://[::1]:80/', 'http://[::1]/')).toBe(true)
  expect(isSameTarget('http://[::1]:81/', 'http://[::1]/')).toBe(false)
})

it.each([
  ['/me?x=1', '/me'],
  ['/me#x', '/me'],
  ['http://proxy.example/me?x=1', '/me'],
  ['http://proxy.example', '/'],
  ['', '/'],
  ['http://[::1]:80/me', '/me'],
  // Express and Koa route these by `/:x/me` and `/:secret`.
  ['http://a:x/me', '/http://a:x/me'],
  ['http://a:secret', '/http://a:secret'],
  ['ftp://a/me', '/ftp://a/me'],
])('the path of %j is %s', (url, path) => {
  expect(requestPath(url)).toBe(path)
})
