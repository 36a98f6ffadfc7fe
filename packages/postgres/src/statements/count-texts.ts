const within = 'tenant = $1 and kind = $2 and collection = $3'

/** A collection with more documents than this gets a counter when it is counted. */
const manyDocuments = 1_000

/** So many numbers are added up for one total, beside one for each group, before they become one. */
export const manyEntries = 1_000

/** Statements that tell totals of a collection, and keep them. All take the tenant, the kind and the collection. */
export interface CountTexts {
  /**
   * The first row is the total and its `state`: `kept` by a counter, `counted`, or `many`, which says that nothing was counted. The other
   * rows are groups.
   */
  readonly count: string
  /** Counts everything. */
  readonly countAll: string
  /** Begins a counter: changes that begin after it are counted. */
  readonly begin: string
  /** The transaction after the one that began it: every earlier one may have changed something that is not counted. */
  readonly mark: string
  /** Counts everything; if all transactions from before the mark are over, the counter is complete with it. */
  readonly complete: string
  /** Makes numbers of a counter fewer, with the same sums. */
  readonly fold: string
}

/** The total, and behind it a row for each group. */
const countedIn = (documents: string): string => `
  select null::bytea as group_name, count(*) as documents from ${documents} where ${within}
  union all
  select group_name, count(*) from ${documents} where ${within} and group_name is not null group by group_name`

/** @param schema - quoted */
export function countTexts(schema: string): CountTexts {
  const [documents, counters, counts] = [`${schema}.documents`, `${schema}.document_counters`, `${schema}.document_counts`] as const
  const home = `'${documents}'::regclass`
  return {
    // A counter that came with a copy of the table, such as a dump that was restored, may have missed changes: its home is another one.
    count: `
      with ready as materialized (
        select from ${counters} where ${within} and home = ${home} and is_ready
      ), kept as materialized (
        select group_name, sum(documents) as documents, count(*) as entries from ${counts}
        where ${within} and exists (select from ready) group by group_name
      ), few as materialized (
        select count(*) as documents from (
          select from ${documents} where ${within} and not exists (select from ready) limit ${manyDocuments + 1}
        ) probed
      )
      select null::bytea as group_name,
        (case when exists (select from ready) then (select coalesce(sum(documents), 0) from kept) else (select documents from few) end)::text as documents,
        case when exists (select from ready) then 'kept' when (select documents from few) <= ${manyDocuments} then 'counted' else 'many' end as state,
        (select coalesce(sum(entries - 1), 0) from kept)::text as entries, current_setting('transaction_read_only') = 'off' as may_write
      union all
      select group_name, documents::text, null, null, null from kept where group_name <> '' and documents > 0
      union all
      select group_name, count(*)::text, null, null, null from ${documents}
      where ${within} and group_name is not null and not exists (select from ready) and (select documents from few) <= ${manyDocuments}
      group by group_name
      order by group_name nulls first`,
    // The order is said: the server may count in several processes, whichever is done first.
    countAll: `select group_name, documents::text from (${countedIn(documents)}) counts order by group_name nulls first`,
    begin: `
      insert into ${counters} as c (tenant, kind, collection, home) values ($1, $2, $3, ${home})
      on conflict (tenant, kind, collection) do update set home = excluded.home, begun_in = null, is_ready = false where c.home <> excluded.home`,
    mark: `update ${counters} set begun_in = txid_current() where ${within} and begun_in is null`,
    // What is counted twice, here and by a change since the beginning, is taken off: all is seen as of one moment.
    complete: `
      with complete as (
        update ${counters} set is_ready = true
        where ${within} and home = ${home} and not is_ready and begun_in < txid_snapshot_xmin(txid_current_snapshot()) returning true
      ), counted as materialized (${countedIn(documents)}), numbers as (
        select group_name, documents from counted where group_name is not null
        union all
        select '', sum(case when group_name is null then documents else -documents end) from counted
        union all
        select group_name, -documents from ${counts} where ${within}
      ), kept as (
        insert into ${counts} (tenant, kind, collection, group_name, documents)
        select $1, $2, $3, group_name, sum(documents) from numbers where exists (select from complete)
        group by group_name having sum(documents) <> 0
      )
      select group_name, documents::text from counted order by group_name nulls first`,
    fold: `
      with taken as (
        delete from ${counts} where ctid = any (array(select ctid from ${counts} where ${within} limit 10000 for update skip locked))
        returning group_name, documents
      )
      insert into ${counts} (tenant, kind, collection, group_name, documents)
      select $1, $2, $3, group_name, sum(documents) from taken group by group_name having sum(documents) <> 0`,
  }
}
