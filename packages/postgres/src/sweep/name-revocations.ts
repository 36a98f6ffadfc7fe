import { storedRevocation } from '@countersign/core'
import { type Run, textOf } from '../connection/driver.js'
import { namesOf } from '../statements/revocation-names.js'

/** Gives revocations that a release before this one wrote what pages are filtered by. */
export async function nameRevocations(run: Run, schema: string, batch: number): Promise<void> {
  // Each batch goes on behind the last: rows that were filled in leave dead entries at the beginning of the index. `epoch` alone would be the
  // column of the answer, a text, in whose order no index is.
  const read = (behind: string): string => `
    select r.tenant, r.epoch::text, r.entry from ${schema}.revocations r where r.type is null ${behind} order by r.tenant, r.epoch limit $1`
  const write = `
    update ${schema}.revocations r set type = n.type, issuer = n.issuer, name = n.name
    from unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[]) n (tenant, epoch, type, issuer, name)
    where r.tenant = n.tenant and r.epoch = n.epoch`
  let rows = await run(read(''), [batch])
  for (;;) {
    const names = rows.map(({ entry }) => namesOf(storedRevocation.fromRecord(JSON.parse(textOf(entry)) as object)))
    const lists = [names.map(({ type }) => type), names.map(({ issuer }) => issuer), names.map(({ name }) => name)]
    if (rows.length > 0) await run(write, [rows.map(({ tenant }) => tenant), rows.map(({ epoch }) => epoch), ...lists])
    const last = rows.at(-1)
    if (last === undefined || rows.length < batch) return
    rows = await run(read('and (r.tenant, r.epoch) > ($2, $3::bigint)'), [batch, last.tenant, last.epoch])
  }
}
