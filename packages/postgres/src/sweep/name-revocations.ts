import { storedRevocation } from '@countersign/core'
import { type Run, textOf } from '../connection/driver.js'
import { namesOf } from '../statements/revocation-names.js'

/** Gives revocations that a release before this one wrote what pages are filtered by. */
export async function nameRevocations(run: Run, schema: string, batch: number): Promise<void> {
  const read = `select tenant, epoch::text, entry from ${schema}.revocations where type is null order by tenant, epoch limit $1`
  const write = `
    update ${schema}.revocations r set type = n.type, issuer = n.issuer, name = n.name
    from unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[]) n (tenant, epoch, type, issuer, name)
    where r.tenant = n.tenant and r.epoch = n.epoch`
  for (;;) {
    const rows = await run(read, [batch])
    const names = rows.map(({ entry }) => namesOf(storedRevocation.fromRecord(JSON.parse(textOf(entry)) as object)))
    const lists = [names.map(({ type }) => type), names.map(({ issuer }) => issuer), names.map(({ name }) => name)]
    if (rows.length > 0) await run(write, [rows.map(({ tenant }) => tenant), rows.map(({ epoch }) => epoch), ...lists])
    if (rows.length < batch) return
  }
}
