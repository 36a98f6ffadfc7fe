import { expect, test } from 'vitest'
import { shownSource } from '../../packages/cli/src/config/shown-source.js'

test.each([
  ["issuer: 'https://a.example',", "issuer: 'https://a.example',"],
  ['algorithms: [\'RS256\', "ES256"],', 'algorithms: [\'RS256\', "ES256"],'],
  ["const issuer = 'https://a.example'", "const issuer = 'https://a.example'"],
  [
    "hs: staticKeys({ issuer: 'i', secrets: { current: { id: '1', secret: 'abc' } } }),",
    "hs: staticKeys({ issuer: 'i', secrets: { current: { id: '…', secret: '…' } } }),",
  ],
  ['secret: `a\\`b` + "c",', 'secret: `…` + "…",'],
  ["pem: '-----BEGIN PRIVATE KEY-----", "pem: '…'"],
  ["'audience': 'x', 'secret': 'y'", "'audience': 'x', 'secret': '…'"],
  ["audience: decode('abc')", "audience: decode('…')"],
])('%s', (line, shown) => expect(shownSource(line)).toBe(shown))
