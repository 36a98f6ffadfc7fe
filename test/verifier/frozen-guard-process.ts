import { isUnavailable } from '@countersign/core'
import { createGuard, type JwksOptions, jwks } from '@countersign/verifier'

/** A process with a guard whose keys stand at a URL. Over IPC it takes tokens, one after the other, and tells what each came to. */
const options = JSON.parse(process.argv[2] ?? '') as JwksOptions
const guard = createGuard({ issuers: { partner: jwks(options) } })

process.on('message', (token: string) => {
  guard.check({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }).then(
    (admission) => process.send?.({ value: admission.ok ? '200' : `${admission.reply.status} ${admission.reason}` }),
    (error: unknown) => process.send?.({ error: isUnavailable(error) ? error.reason : String(error) }),
  )
})
process.send?.({ value: 'ready' })
