import { execFile } from 'node:child_process'
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** An RSA key pair of a client. */
export interface KeyPair {
  /** A name for it: a hash of the public key. */
  readonly kid: string
  /** SPKI. */
  readonly publicPem: string
  /** What made it, and signs with it. */
  readonly madeBy: string
  /** Why that is not openssl. */
  readonly remark: string | undefined
  /** RSASSA-PKCS1-v1_5 with SHA-256. */
  sign(input: string): Promise<Buffer>
}

const run = promisify(execFile)

const kidOf = (publicPem: string): string => createHash('sha256').update(publicPem).digest('hex').slice(0, 16)

/** What openssl writes to its standard output. */
async function openssl(args: readonly string[], input?: string): Promise<Buffer> {
  const running = run('openssl', args, { encoding: 'buffer' })
  // What reads nothing may have ended by now; whether all went well is told by how it ended.
  running.child.stdin?.on('error', () => undefined)
  if (input !== undefined) running.child.stdin?.end(input)
  return (await running).stdout
}

async function withOpenssl(folder: string, name: string): Promise<KeyPair> {
  const [privateFile, publicFile] = [join(folder, `${name}-private.pem`), join(folder, `${name}-public.pem`)]
  await openssl(['genrsa', '-out', privateFile, '2048'])
  await openssl(['rsa', '-in', privateFile, '-pubout', '-out', publicFile])
  const publicPem = await readFile(publicFile, 'utf8')
  return {
    kid: kidOf(publicPem),
    publicPem,
    madeBy: 'openssl',
    remark: undefined,
    sign: (input) => openssl(['dgst', '-sha256', '-sign', privateFile, '-binary'], input),
  }
}

function withNode(remark: string): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return {
    kid: kidOf(publicPem),
    publicPem,
    madeBy: 'node:crypto',
    remark,
    sign: async (input) => sign('sha256', Buffer.from(input), privateKey),
  }
}

/** Makes a key pair as the vendor's page says, with openssl; where that is missing or fails, with Node itself. */
export async function createKeyPair(folder: string, name: string): Promise<KeyPair> {
  try {
    return await withOpenssl(folder, name)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return withNode(isMissing ? 'there is no openssl here' : 'openssl fails here')
  }
}

/** The public key in short: its type and its bits. */
export function describeKey({ publicPem }: KeyPair): string {
  const { asymmetricKeyType = '', asymmetricKeyDetails } = createPublicKey(publicPem)
  return `${asymmetricKeyType.toUpperCase()} ${asymmetricKeyDetails?.modulusLength ?? ''}`
}
