import { familyOf, type MalformedToken, type ValidToken } from '../tokens/valid-token.js'

const row = familyOf('use')

/** Tokens of the trusted issuer that are made for something else than a bearer request (RFC 8725 §3.11, RFC 7800 §3). */
export function wrongUse({ forge, header, claims }: ValidToken): readonly MalformedToken[] {
  const types = [
    'nonce+jwt',
    'dpop+jwt',
    'secevent+jwt',
    'logout+jwt',
    'id_token+jwt',
    'oauth-authz-req+jwt',
    'token-introspection+jwt',
    'application/dpop+jwt',
    'APPLICATION/LOGOUT+JWT',
    'text/at+jwt',
    'application/application/at+jwt',
    'at+jwt ',
    'at+jwt;charset=utf-8',
    'at+jwt2',
    'JWE',
    'JOSE',
  ]
  const confirmations: Record<string, unknown> = {
    jkt: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' },
    'x5t#S256': { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' },
    jwk: { jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } },
    kid: { kid: 'key-1' },
    'an unknown member': { 'urn:example:proof': 1 },
    nothing: {},
    'a text': 'jkt',
    null: null,
  }
  return [
    ...types.map((typ) => row(`typ ${JSON.stringify(typ)}`, ['token_type'], forge({ header: { ...header, typ } }))),
    ...Object.entries(confirmations).map(([name, cnf]) =>
      row(`a cnf with ${name}`, ['confirmation', 'claims'], forge({ payload: { ...claims, cnf } })),
    ),
  ]
}
