import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { AsymmetricAlgorithm } from '@countersign/core'

/** Names of the keys that this package ships. */
export type TestKeyName =
  | 'rs256'
  | 'rs256Other'
  | 'ps256'
  | 'es256'
  | 'es256Other'
  | 'es256Third'
  | 'es384'
  | 'es384Other'
  | 'es512'
  | 'es512Other'
  | 'eddsa'
  | 'eddsaOther'
  | 'weakRsa'

/** A key pair that everybody knows. */
export interface TestKey {
  readonly kid: string
  readonly alg: AsymmetricAlgorithm
  /** The private key as JWK (RFC 7517). */
  readonly jwk: Readonly<Record<string, string>>
}

function key(kid: string, alg: AsymmetricAlgorithm, jwk: Readonly<Record<string, string>>): TestKey {
  return Object.freeze({ kid, alg, jwk: Object.freeze(jwk) })
}

/**
 * Synthetic key pairs, published on purpose so that tests need not wait for key generation. A system that trusts one of them
 * outside a test trusts everybody.
 */
export const testKeys: Readonly<Record<TestKeyName, TestKey>> = Object.freeze({
  rs256: key('test-rs256', 'RS256', {
    kty: 'RSA',
    n: 'ugZRisMAu-OmHa1wzl2yCta6FLd6MsYXsKYTejWcMPq7QNIRm_4FtT_Zrwpn5Xhbmoe03BFx0dj_dvcDO8oXRS5kwpH2V6nyYSgRSWOQ-M4hRSrCfFZ7OkPhgtLw9t2e3tVuSSWCmAuYn9xCAAdyiBUVRSQJD7h1ajURBd-_SDInZR8k9RKiKEs6N-o1MAvAie0CJhRCJmFw7YAqyYEFD_zJarJHoHnCkj0u27tNHY2JEVXcb9yCW_1jCcWE10V5GEJjbognPPVzVSg7BYyh24eS3pSR-KN7sisC4DQux-xToldOv3y8RsBNVB3GTiDaGR2ze0US8Vi1WdMqAg4jkQ',
    e: 'AQAB',
    d: 'FCymQEHIvRfBxrsuHjtcGT_TW3bQilwgapiASUMyJr-yeiOuJDhG3zLHBWw_-0tzx80K6Mj9ipAZmInOcHgI0Qhohg91Y2l7b1z8jvR83vbf9dPe1sQ8RgPhm6IL3wIG_kywUr9-K8YqLcAh6kXkfmym62Iul2VeWn_Z0kTDRm12L9kti-7j_aWpd1aH5ciVw6m65mqz4CY1IloCz0MKVAFN5DLMXdWra_jZvMzLxznxiFInR1w6LY9yIyJIJ0hvOskR8Maz3SphwxXSELIJhtQvXGo9xcHBtOjVoa2i1yGRAjv3Nho_vWz_q2X7aMiETSuFgeg3GhlIyO3VEpWFnw',
    p: '_Jzn4P2zil28iJjhaVe_kh-diOmTS3xnqZcgmVW17qwnSrnjh4a6eH6CsZWvjMKdOI9xofRYVI7txuL9z6rwqmdACQyk0HCFLkyttQxbQCC_HLlwidNmSu7eyitfcSRinOSilgLYB3kuKSIxmktE2LxfgdVr4xiwTlDDsX3Tvcc',
    q: 'vITZObusZBOdcHI1r0DJio8jrE4TtaNmPM8VWL_sYhSt0xA7MvnjQyypTRNijXqEzv59dvTqbvc74yietWMO0sojoDWZMLtkns9VJiDPMBnq8TKuEK6OxfHU9qX7WgnjJGfpStMaKuaTtGp72xYmXK4PhE_5BtigOwNrWnZW8-c',
    dp: 't8xiWq29KHuzZZ_2wnL6DBO8x5VLeqz1r8sqCOb4DMRtgk1mY4F_w5Qo-5TxufUP98tG3pOugTfNgdw-2A6ENTgSu4LbmF2GSX25FfX7ntk0tG2omF-cGgFbULXmJ6hVp9ojAgrnq-hb0cnzVVRWr2vAAfOLIB0iipjxCf-HRJk',
    dq: 'U8OzwbNiJhWRHyWgNP7UjnyLnUQT_eFczCg3k_ezUOFfWykbJMtj77UohNbYM4T8_fyWQwUQJb41Hfouiuo46_BlZApsxvp8-xOlAgwSA42AlyutrDvjtJB_0BhwVtGN299QCa9DMUzC1Kd74R02bnfo7SGbxS78AzzBtrBecoE',
    qi: 'Pen1HvDUxim_5i5_pkrf_Nn9TTKi2pqUbhjD8nDeqZDQTwZ9czMWSzvn-Vx6pd_Tf4ImRgmrOL3PpTu176e3_QGYS__cAudBm9Z7LIxSWmpWPWQccLydAbg6xeXm4vwLquFyqULcaY5fGMGMUO5NDqVF-HPr6uzxlAgSFdcf1gU',
  }),
  rs256Other: key('test-rs256-other', 'RS256', {
    kty: 'RSA',
    n: 'zNWX8xX3iTA6niD9VmsMrlXUI4FQKBFICiU1z1ZhNHg4EjwRRx-8wUbPtjOl05M3Ly6bGbaX24E1mwNaz5TdugWEtudtZ0Ib0yzA9QJTBRgNEIo-rUY1IzdxzAZJ5jKcXgnUAxSkAp4viuNYDs1voIGxxkVXYgm3xKRfO-Yp1t2a-sjHEaWtBUAEWQs-gkCk24tHuNe3PDIqz1QTZNOgnphomzT_W9jphm83DsQ9skh8KH5pi3PNMKqjGifdg9NsYothb2SoYLBZFNj3aE6itI4dZuMg6n8ydbQ48srOKVWgwaWv-GVyINlxPUeEXN2lXVMXbG468HWNrSRFTLXAxQ',
    e: 'AQAB',
    d: 'Fc-msvVDWwHeNAlaQJH8kzHDeZZi9SlF7QKiVLYjeqVUfyiTRGoOPNxv8LxWK43RAf6p-FZ3nCGJljyItnLpG05MH_fLsAObl-R7lXtOYMv7VCgMXYIM1Xepb-q5gsAf42mTgFJ51meGs3ja3xSkDsjQp8apc-CKB2_jTisHiH_2X16pZR7mAkZGlPMDODzm-JVe5ssVl0o7M1v2PRfnootLyBMedjTLdLANB182qInyXPJ3PU-YRP9alUoMSN_neTZYFwXE7r-l9aKe69l6uvHpvbFD966a-Hq5FuP2rzD_BgajuLqJhjvqZg155tj2FFGU4Qf-m0SitxbiFON3oQ',
    p: '_m00DFHVjaprAg61wXSWp1dflTaNUHaSYyOm5KQZ6CQYhQqbK5LW7GcfNLXGjvT6FUCDWyuDPhqbcpgGuPTFXumoGnaoPo3-v_oHpL4L2pbhNJbTJKtgsPAGYLpUzB21U-jufzFNbKspogkNE04wyjCIiUBZEqLne9Yf3vZ0PLU',
    q: 'zhngyMVEpQ_gQgVPMONTe0UZIrzpj0acqYNRaewZYmaxU7_j7YaG2kXnajQBJeq3okiFa_bPIwLsjoZAac2KEZz93LPilbcDOxwUkBNKhOUj1RwI9FfSv2e4Ky1vebi7WMlSFH_FO_-_4_fn53GB2MMLHLRCOAMv-b-goY2vDdE',
    dp: 'rKr2IMpE8SDQAJR1G3aBa84rSzu7ifj-fhPLBu6rulUM4vWAu4CrJcMSdZZLy-dL9bJTs0MDjdlG1-1-2nUbob9XW6Zdph593lHUcCSeLNoquqMFZqR8OXicC3dJZ0FeNzUk7uNJ1U8QMSyNWCW_jOiFMQifqrst-GgoNwvxdOU',
    dq: 'sy9IgQURAzjkTkHzcZuSbu_KRKtdnBVWCwKCe8aq4yRJM3j3nwCAqbBw26LPBLomYU8PwKfZuqTGKbuKsPHkAiAtjf5PFr8AbhmhvwkmlpfpKVSwbE8WiRaRxehArODw8OZHGE9lmR5nJLnZwxyqOVyJgrEtiSksQsRZ0VsvQKE',
    qi: 'dlEEBuHiMPwoCj_nv3eJwUiagY_IDd2dupWjgFPkbIaQxOrEbKxtA4QKvUS-lAaZfG2-Qf4JAl1LEvUH4oDnhoEJLAVHxBlcadKeJS0sx0d79KPUbMZ6dj5awDIKOF1F4j0fYJeBbjpJL5kjo_IatM1_GmmyR5O_u_JDo-4Ci7U',
  }),
  ps256: key('test-ps256', 'PS256', {
    kty: 'RSA',
    n: '1jd04qWOnr6PJ0Mu4AlV2BE220nw-n35Ro51sOH8OTjLzw2XglQw3EXVeZXi6LiG_yfU6tdk3jt5FHpUkIyP5ZLuWtZ7juHjzYrB2qx09jBYH1qltUNMG79iain6FkNPHm_IN5tBIlubEHrStaWTI2FonNsnPNTXconvTnyFJ2Fss0OP1U_ljTAnH9lorS-dSgXfvPNH8AF3_m2sgxbCv6IkyQIGZZle4a7bdK3FTq7FarwORp4VDpR7CwATnqCx6UU5VCzliXJq5Scj27S0wXq1GCXl7fr_sacv4Om_RnMaUdTUfs5WZjnIXLncQvUF-OtMNwZUOfkJmDVjlFtckw',
    e: 'AQAB',
    d: 'Gh6EWNUgDqi_y65TGyKai9AfzeZIaWcXWUwqDXmAflUTFvURTVLSEAmYWU0kJs5ZFTEhjhMjAogZTZzBaboC9jHh3jGR3zWHNb9-mmH_BXNNS2DUZeoqJqWvR_lolynCaZg3mpAcvG8l1IElVJLuAnSnOnjr9GyRj1NmyBjUbJ0o-PFGp-5V9fMlA8lEtfmN90A0vIYY5ALtL6VPWmXD2hlZovbLGtBDN5rchhnrYEKUlfjNobll6vKX1oaph8vviMxnJvVnAAXFe5H8b_DqQUyrCYs5ekOHtwyPjh0EN_2hsUvdRFUWnIRfUq1GcNGqeycOMBR7PNYM37hhtxy1',
    p: '9TUHGPlmbqeitretYB5TUsb2j8SVqt1aE_ZDE__coCT5HJu7GWvWPxJ0SXbL-dxeirntQpF0FiNdaw7suWts8pde5WUFN_cWXRcH35lPdDS-k5AE7SWueIWGfWDSDyiJtcEAiOmaPRUtISqwjQRWZnmby4EGcAnpBOmglQltvIc',
    q: '36U7Azt1iofS32p_PU4vDqj5_E3EUspLKQCLSW_zdFROVL5TN2VCv3v1YqgS4eTU-u3jn4H5IOc1NzwfpxBkD8pqEGKGIea_LDlz4TIBHiKzY09S9kNqV082dCKxK1fZC8a6o4WH4rYdxmJBVCN8W2zhqBkQE_ZkW2rAZ2H4zpU',
    dp: 'udc0x-LNlXQLyDuxdTXGpOgSmqe9X0BgMtzjvdafWehrvRjyVrP6LtdHtx4IPhictrtvbJJczyKCfM9U7rrSWZIL5AQKTn5APtFjsD27kDEhdykh8rIqZ0Gbyo6E5eQtaskaJKoXsc_I4mg-YsI00Xm9cCEbxfJc3tJKWGpK9yU',
    dq: 'VATyJ6O14-ZlDXQn-zMdMKfAys24fNXs6KmAqoU5dDGb__BEuSH8so1yQa8c8OqULPUkN6-PlZHnByo6Rfw9a0VDFYa-F4xls8qdwzOTAexNcnjBlSz8jXJ_5Z-G6d6l9uuhAH_Q7hY3F2mgW2i9dmdwW0OXK7i8OS_gurYu0AU',
    qi: 'RCiXmXw2RpcNnOC7iQE2ClzIe2nEWifoOWjSgI2_aP2HXwMJC7eyeMHI9OjtgDtsJRXp6HAwi1k7mLzY7WUERQUd92uQuP3vMrGqwT7q2qmR5TKAXOGxcyLq1KUiWD1NX9j2anYjuAI2A5kY3BN91wH05zuX9Ye-_RgN2YAziZg',
  }),
  es256: key('test-es256', 'ES256', {
    kty: 'EC',
    x: 'Hy7GHYCVWDWk5rsFhxdOz6e75graoMJiHqn0_RSIRIk',
    y: 'IQ6ppHdW_eY_1SYbn7yaArB-W2fJdOExUgCEBhaBqus',
    crv: 'P-256',
    d: 'OfCtFarKDOyMwtsB-RW14ypnrd7FUO1PLK72QKfLr-g',
  }),
  es256Other: key('test-es256-other', 'ES256', {
    kty: 'EC',
    x: '98u-nVrdg9UXN95xuwI5aPykLM0U1PnDf4O-rPLMwFE',
    y: '33HLYjdxB-p9congAAjpcuJZY2f2LUReFW8V7FTX52Q',
    crv: 'P-256',
    d: 'N8E5qdvKWGy_hzoHVW5niKvIFNIZM6ClEvg1GSxP7G8',
  }),
  es256Third: key('test-es256-third', 'ES256', {
    kty: 'EC',
    x: 'ujHiXOWoMJsTIB6uxiwJmD-V49jB5WGh6tSIwr8ELJg',
    y: 'J3n4AnPDKG9gChFKX0qLRZ9qUt31I1ie3vSzLmj5_-M',
    crv: 'P-256',
    d: 'd4UJoYynYBD-Qv-oZJe1lCkQHrQpymxc8nFHeLSaOQ4',
  }),
  es384: key('test-es384', 'ES384', {
    kty: 'EC',
    x: 'WKFJ4668sL4IfCd4myywu-wUkdThci0aSLO0oVSya0B9nEG7qT4B5U5RxyzD59d_',
    y: 'A676J5QFBYJdccxw1WyZ67xhonvijlKLNVjHozKawgFuFf8TaSgoHdTXC_pyXm54',
    crv: 'P-384',
    d: 'IG4RcJrVrtWFkojNFa5fBvkJ3NStVCQgnyaq_Bqh6ZuCK9MbhA48gXz0-2zxd6Cw',
  }),
  es512: key('test-es512', 'ES512', {
    kty: 'EC',
    x: 'ACMNpGjdbUFGRCLUGkOMQbW9EeRmM7WhJwuAONUoc1t4z0ffTypU2ebMcVW-Wc5llPu__u7PDUAv8v4pS4FZyWyE',
    y: 'AIRx_WXvu0QYneo5NEUmxp0pC-4_loyyDwAh_VG2AN7pgUZcjtuadEqHPs0b5SyS6QJlYHSQHpcJNwOswCBp_AMV',
    crv: 'P-521',
    d: 'AXn1k9NoDkUH27LAngnOyBobZF40Vpk0YSzAvRiFI0B10nXDgZ5bf6Ntnxbg1Gc-ktvmgCTYU8CGwadexTtL6AEe',
  }),
  es384Other: key('test-es384-other', 'ES384', {
    kty: 'EC',
    x: 'btLpoYRRI6oiSGFf906DaHYGgYLN1NiExZPCPMMPCaKCU7_TqO8J6g8IsUqZJCUw',
    y: 'jgVvxf3Abeul6gMudtZNl0iL-REbrILFPAYzjozDi3mB2L1RriERO7QsKVQgaVy_',
    crv: 'P-384',
    d: 'nJiZ4cQynJ7HNIEZCe4awtObg-HtXlyfypPt9Brb3FWSMigBIWADaMajVtxda_Zh',
  }),
  es512Other: key('test-es512-other', 'ES512', {
    kty: 'EC',
    x: 'AL1gqqkPIlrHbdpyyeUbHEEkKbfXxqfEvVkiEX-opzPfmXmIDNhXKd-zbafZAojOd76OWsqv9mxltdPuGYnpqySw',
    y: 'AUPt4jlffXJImpaciUlhgmhbEBzrIO0hv9DNSklYGZASghy1RAeZtw6AlzfglLNGA4e_67czgHHD7qDSath6JrdW',
    crv: 'P-521',
    d: 'ARbxB1mbnAsrCSi2A5sa8s-KO5MLmTK31DUN-IoNWCc4kZkzpYJpanbooFR6LhR4FAZwI-VmNmlivIVid22NUvhe',
  }),
  eddsa: key('test-eddsa', 'EdDSA', {
    crv: 'Ed25519',
    d: 'W4ZKd610w9ogq1PVznuAayfpGqRpTjbQ2OKbd22RhTk',
    x: '3Q2RLc4nqscW7rQMYX8bIkcUQrE9hPjd_NUZnGjO9BY',
    kty: 'OKP',
  }),
  eddsaOther: key('test-eddsa-other', 'EdDSA', {
    crv: 'Ed25519',
    d: 'o7Z6XkTc8Xa4ZkR4-rWQ_0kb_cJJRzFmUcS8ikdEvOw',
    x: 'SlIqVEQ6n_dTcvG1dICvtC8lrmv0mkwpsi7kpmEA2Y0',
    kty: 'OKP',
  }),
  weakRsa: key('test-weak-rsa', 'RS256', {
    kty: 'RSA',
    n: 'yPmIqm0kWke3ewon9XxHXsLnZomawFip4mKWn8iJusXx2cDjqeg-L8FzINhDPtt6TKpOYgHkJwwtGyR7BVFBEw9IDR_xL78YxdUgxRK5hHA0_rhgRqe5YYMAxWuZ5DCv7y5pRxAqvjhpi9XKa_s97XcjLT7sysmZG-KXGkF7Snk',
    e: 'AQAB',
    d: 'Txl3YqxmPGoxmumaZJIvfOp1LPRHxiCfbIyk_-pr2ukBkVTLxhm0MBORfoHfpaO4dOgqxYQ9CelO73niOWuLkoQnm_DphNgChZCO3zZ9poKhqVK8iIR6W1atZwK6CS3fWUp3jZmuQj_9Pj_TfbbzI_8AfsUAeDdPx1RmD36tDQE',
    p: '69sD8riiTVKCsGVNLMndFtIqE3cUVk6FE69o38TqJyhy8QcmaLK3HUgxKb2ZaFjKMU3Y31e-jyxSgp_uff1REQ',
    q: '2iPZeRJOB5r5fadxQUFneG3Y_L8pnSeczoJQTDk3z11fcJtQQtU44uGxuMGjDK7_pDF-Ug1nTN2BiZibzqRi6Q',
    dp: 'EWAFHnBzpHabohsUYGROoUvCRcTT_reyHg0iELoU9eWI8jCwp63ix4l19bk9_-3ql09A1tND-pAtU-osS6PJwQ',
    dq: 'KrmCyrfPGKY932KASCurPGcnbLl0SReNGtVjLMq4J6E-JCwHWE-yyJ0z1d_3M3DDGUGoYCHH7cIksPJ28c44oQ',
    qi: 'hDb2SsAqC59GQKwMT1UF3ZiWeuzW0v_ejB_GF6q_WRjI5h-gMP81KT0b8A2rLY56mQH4yIIiBPpThfJrX2HzqA',
  }),
})

/** The same key under another kid or for another algorithm of its type. */
export function renameKey(source: TestKey, changes: { readonly kid?: string; readonly alg?: AsymmetricAlgorithm }): TestKey {
  return Object.freeze({ ...source, ...changes })
}

/** The private half as `node:crypto` takes it. */
export function privateKeyOf(source: TestKey): KeyObject {
  return createPrivateKey({ key: source.jwk, format: 'jwk' })
}

/** The public half as `node:crypto` takes it. */
export function publicKeyOf(source: TestKey): KeyObject {
  return createPublicKey(privateKeyOf(source))
}

/**
 * The public half as a member of a JWKS: `kid`, `alg` and `use` beside the key's own members.
 *
 * @param changes - members to replace; undefined takes one away
 */
export function publicJwkOf(source: TestKey, changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const jwk = { ...publicKeyOf(source).export({ format: 'jwk' }), kid: source.kid, alg: source.alg, use: 'sig', ...changes }
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined))
}
