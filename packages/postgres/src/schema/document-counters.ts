// The functions run with the rights of another role, so nothing in them is looked up by the path of the session. To set a path would cost more than all the rest.
const equal = 'operator(pg_catalog.=)'

/** Whether a document is counted: its collection has a counter, or this transaction may not see whether it has. */
const isCounted = (schema: string, row: string): string => `exists (
      select from ${schema}.document_counters c where c.tenant ${equal} ${row}.tenant and c.kind ${equal} ${row}.kind and c.collection ${equal} ${row}.collection
    ) or pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.<>) 'read committed'`

const insertInto = (schema: string): string => `insert into ${schema}.document_counts (tenant, kind, collection, group_name, documents)`

const countOne = (schema: string, row: 'old' | 'new', documents: 1 | -1): string => `
  if ${isCounted(schema, row)} then
    ${insertInto(schema)} values (${row}.tenant, ${row}.kind, ${row}.collection, coalesce(${row}.group_name, ''), ${documents});
  end if;`

const triggerFunction = (name: string, body: string): string => `
create function ${name}() returns trigger language plpgsql security definer as $function$
begin
  ${body.trim()}
  return null;
end $function$;`

/**
 * Totals of large collections. `document_counters` names the collections that are counted, and `document_counts` has numbers to add up:
 * a row for each document that came or went, and one for the documents that were there before. No row is ever changed, so writers do not wait for one another.
 *
 * Triggers write them, so what an earlier release changes is counted, too. They run with the rights of the role that migrated: a role that
 * may write documents needs no further right for it. A transaction that may not see that a counter has begun counts in any case.
 *
 * @param schema - quoted
 */
export const documentCounters = (schema: string): string => `
create table ${schema}.document_counters (
  tenant bytea, kind text, collection bytea, home oid not null, begun_in bigint, is_ready boolean not null default false,
  primary key (tenant, kind, collection)
);
create table ${schema}.document_counts (
  tenant bytea not null, kind text not null, collection bytea not null, group_name bytea not null, documents bigint not null
) with (autovacuum_vacuum_scale_factor = 0.05);
create index document_counts_collection on ${schema}.document_counts (tenant, kind, collection);
${triggerFunction(`${schema}.count_added_document`, countOne(schema, 'new', 1))}
${triggerFunction(`${schema}.count_moved_document`, countOne(schema, 'old', -1) + countOne(schema, 'new', 1))}
${triggerFunction(
  `${schema}.count_removed_documents`,
  `${insertInto(schema)}
  select d.tenant, d.kind, d.collection, coalesce(d.group_name, ''), operator(pg_catalog.-) pg_catalog.count(*) from removed d
  where ${isCounted(schema, 'd')}
  group by d.tenant, d.kind, d.collection, coalesce(d.group_name, '');`,
)}
${triggerFunction(`${schema}.forget_document_counters`, `delete from ${schema}.document_counters; delete from ${schema}.document_counts;`)}

create trigger document_added after insert on ${schema}.documents for each row execute function ${schema}.count_added_document();
create trigger document_regrouped after update on ${schema}.documents for each row
  when (old.group_name is distinct from new.group_name) execute function ${schema}.count_moved_document();
create trigger document_moved after update of tenant, kind, collection on ${schema}.documents for each row
  when (old.group_name is not distinct from new.group_name) execute function ${schema}.count_moved_document();
create trigger documents_removed after delete on ${schema}.documents
  referencing old table as removed for each statement execute function ${schema}.count_removed_documents();
create trigger documents_truncated after truncate on ${schema}.documents
  for each statement execute function ${schema}.forget_document_counters();
`
