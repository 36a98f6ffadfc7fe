import type {
  Algorithm,
  HmacAlgorithm,
  KeyAnswer,
  KeySource,
  RotatingSecrets,
  SecretsOption,
  Signer,
  SignerSource,
  VerificationKey,
} from '@countersign/core'
import { createSigner, importSecret } from '@countersign/jwt'

/** What nonces are signed and checked with. */
export interface NonceKeys {
  /** The signer of the moment, and whether its kid goes into the header. */
  current(): Promise<{ readonly signer: Signer; readonly omitKid: boolean }>
  find(query: {
    readonly kid: string | undefined
    readonly algorithm: Algorithm
  }): VerificationKey | undefined | Promise<VerificationKey | undefined>
}

function imported(id: string, secret: string | Uint8Array, algorithm: HmacAlgorithm): VerificationKey {
  const key = importSecret(secret, { kid: id, algorithms: [algorithm] })
  if (!key.ok) throw new TypeError(`createNonces: the secret ${JSON.stringify(id)} was refused: ${key.fault}`)
  return key.key
}

function prepare(
  secrets: RotatingSecrets,
  algorithm: HmacAlgorithm,
): { readonly signer: Signer; readonly omitKid: boolean; readonly byId: ReadonlyMap<string, VerificationKey> } {
  const all = [secrets.current, ...(secrets.previous ?? [])]
  const byId = new Map(all.map(({ id, secret }) => [id, imported(id, secret, algorithm)]))
  if (byId.size < all.length) throw new TypeError('createNonces: two secrets share an id')
  const { id, secret } = secrets.current
  const signer = createSigner({ key: Buffer.from(secret), algorithm, kid: id === '' ? 'first' : id })
  return { signer, omitKid: id === '', byId }
}

/**
 * HMAC secrets. The one with the empty id is written without a kid, so that a first secret can be joined by named ones later.
 *
 * @throws TypeError if a secret is shorter than its hash, or two share an id
 */
export function secretNonceKeys(option: SecretsOption, algorithm: HmacAlgorithm): NonceKeys {
  const ask = typeof option === 'function' ? option : (): RotatingSecrets => option
  const print = ({ current, previous = [] }: RotatingSecrets): string =>
    JSON.stringify([current, ...previous].map(({ id, secret }) => [id, Buffer.from(secret).toString('base64')]))
  const first = ask()
  const state = { print: print(first), prepared: prepare(first, algorithm) }
  function now(): ReturnType<typeof prepare> {
    const secrets = ask()
    const fingerprint = print(secrets)
    if (fingerprint !== state.print) Object.assign(state, { prepared: prepare(secrets, algorithm), print: fingerprint })
    return state.prepared
  }
  return {
    current: async () => now(),
    find: ({ kid, algorithm: asked }) => (asked === algorithm ? now().byId.get(kid ?? '') : undefined),
  }
}

/** A key pair: whoever has the public key can check, only we can issue. */
export function pairNonceKeys(signer: SignerSource, source: KeySource): NonceKeys {
  return {
    current: async () => ({ signer: await signer.current(), omitKid: false }),
    find(query) {
      const answer: KeyAnswer | Promise<KeyAnswer> = source.find(query)
      return answer instanceof Promise ? answer.then(({ key }) => key) : answer.key
    },
  }
}
