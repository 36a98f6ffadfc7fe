import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A key and a certificate of it, made for one run. */
export interface Identity {
  /** PEM */
  readonly key: string
  /** PEM */
  readonly cert: string
  readonly der: Buffer
  /** The SHA-256 of the certificate, base64url: `x5t#S256`. */
  readonly thumbprint: string
}

const run = promisify(execFile)

interface IdentityOptions {
  /** As openssl writes it, for instance `/O=Clinic/CN=api`. */
  readonly subject: string
  /** Extensions, each as `-addext` takes them. */
  readonly extensions?: readonly string[]
  /** Who signs it; without one it is self-signed. */
  readonly ca?: Identity
  /** @defaultValue EC P-256 */
  readonly newKey?: readonly string[]
  readonly more?: readonly string[]
}

const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

/** Makes a key and a certificate. */
export async function makeIdentity(options: IdentityOptions): Promise<Identity> {
  const { subject, extensions = [], ca, newKey = ec, more = [] } = options
  const folder = await mkdtemp(join(tmpdir(), 'countersign-tls-'))
  const file = (name: string): string => join(folder, name)
  try {
    const signer = ca === undefined ? [] : ['-CA', file('ca.pem'), '-CAkey', file('ca.key')]
    if (ca !== undefined) await Promise.all([writeFile(file('ca.pem'), ca.cert), writeFile(file('ca.key'), ca.key)])
    const added = extensions.flatMap((extension) => ['-addext', extension])
    const to = ['-out', file('cert.pem'), '-keyout', file('key.pem')]
    await run('openssl', [
      'req',
      '-x509',
      ...signer,
      ...newKey,
      '-nodes',
      '-days',
      '2',
      '-utf8',
      '-subj',
      subject,
      ...added,
      ...more,
      ...to,
    ])
    const [key, cert] = await Promise.all([readFile(file('key.pem'), 'utf8'), readFile(file('cert.pem'), 'utf8')])
    const der = new X509Certificate(cert).raw
    return { key, cert, der, thumbprint: createHash('sha256').update(der).digest('base64url') }
  } finally {
    await rm(folder, { recursive: true })
  }
}

export const ca = await makeIdentity({ subject: '/CN=Test CA' })
const leaf = 'basicConstraints=critical,CA:FALSE'
export const [server, client, other, signed] = await Promise.all([
  makeIdentity({ subject: '/CN=server', extensions: ['subjectAltName=IP:127.0.0.1,DNS:localhost', leaf], ca }),
  makeIdentity({ subject: '/CN=client' }),
  makeIdentity({ subject: '/CN=client' }),
  makeIdentity({ subject: '/C=DE/O=Clinic/CN=records', extensions: ['subjectAltName=DNS:records.clinic.example', leaf], ca }),
])
