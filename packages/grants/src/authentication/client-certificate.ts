import { X509Certificate } from 'node:crypto'
import type { ClientCertificate, ClientKeys, VerificationKey } from '@countersign/core'
import { importPublicKey } from '@countersign/jwt'
import { findClientKey, thumbprintOf, type UsedKey } from '../assertions/used-key.js'
import { hasRegisteredName } from '../certificates/registered-name.js'
import type { Client } from '../clients/record/client.js'
import { refused, type TokenRefused } from '../refusal.js'

/** A client that its certificate proved. */
interface CertifiedClient {
  readonly ok: true
  readonly client: Client
  readonly secretId: undefined
  readonly isByCertificate: true
  /** The registered key of a self-signed certificate. */
  readonly key?: UsedKey
}

/** Whether a client authenticates itself by its TLS certificate. */
export const usesCertificate = ({ authMethods }: Pick<Client, 'authMethods'>): boolean =>
  authMethods.includes('tls_client_auth') || authMethods.includes('self_signed_tls_client_auth')

function keyOf({ der }: ClientCertificate): VerificationKey | undefined {
  try {
    const imported = importPublicKey(new X509Certificate(der).publicKey)
    return imported.ok ? imported.key : undefined
  } catch {
    return undefined // not a certificate, or of a key that Node does not know
  }
}

/** The registered key of the client that a certificate is for. The connection has proved that the client has it. */
async function registeredKey(certificate: ClientCertificate, clientId: string, keys: ClientKeys | undefined): Promise<UsedKey | undefined> {
  const key = keyOf(certificate)
  if (key === undefined || keys === undefined) return undefined
  const thumbprint = thumbprintOf(key)
  for (const algorithm of key.algorithms) {
    const answer = await findClientKey(keys, { clientId, kid: undefined, algorithm })
    const found = answer.ok ? [answer.key, ...(answer.others ?? [])].find((one) => thumbprintOf(one) === thumbprint) : undefined
    if (found) return { kid: found.kid, algorithm, thumbprint }
  }
  return undefined
}

/** Judges whether the certificate of a connection is that of a client (RFC 8705 §2.1, §2.2). Rejects with `Unavailable` in an outage. */
export async function judgeClientCertificate(
  certificate: ClientCertificate | undefined,
  client: Client | undefined,
  keys: ClientKeys | undefined,
): Promise<CertifiedClient | TokenRefused> {
  if (client === undefined) return refused('unknown_client')
  if (client.isLocked) return refused('locked_client')
  if (certificate === undefined) return refused('wrong_certificate')
  const proved = { ok: true, client, secretId: undefined, isByCertificate: true } as const
  const { authMethods, tlsClientAuth } = client
  if (authMethods.includes('tls_client_auth') && hasRegisteredName(certificate, tlsClientAuth)) return proved
  if (!authMethods.includes('self_signed_tls_client_auth')) return refused('wrong_certificate')
  const key = await registeredKey(certificate, client.id, keys)
  return key === undefined ? refused('wrong_certificate') : { ...proved, key }
}
