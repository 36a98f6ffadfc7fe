import type { Client } from './client.js'

/**
 * What stands in the private claim `client_credential`: by it guards know tokens whose secret was revoked, or whose client was
 * locked since. It tells no time: a token from before a lock stays dead also when the client is unlocked within the same second.
 *
 * @param secretId - undefined for a client that used none: a public one, or one with a key, whose thumbprint is in `client_key`
 */
export function credentialName(
  { id, credentialGeneration }: Pick<Client, 'id' | 'credentialGeneration'>,
  secretId: string | undefined,
): string {
  return secretId === undefined ? `client:${id}:${credentialGeneration}` : `secret:${secretId}:${credentialGeneration}`
}

/** The names of everything that the client can get a token with. */
export function credentialNames(client: Client): readonly string[] {
  return [credentialName(client, undefined), ...client.secrets.map(({ id }) => credentialName(client, id))]
}
