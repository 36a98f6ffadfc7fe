/**
 * SQL of the end of a family, rounded down so that a rotation that moves the end a little leaves it as it is: then PostgreSQL writes no
 * index (a HOT update). A sweep looks at every family whose rounded end is over, so a short life is rounded less.
 *
 * @param end - SQL of a timestamptz
 * @param lifeMs - SQL of a number of milliseconds; null counts as long
 */
export function roundedEnd(end: string, lifeMs: string): string {
  const [hour, day] = [3_600_000, 86_400_000].map(String)
  return `case when ${lifeMs}::float8 < ${hour} then ${end} when ${lifeMs}::float8 < 3 * ${day} then date_trunc('hour', ${end}, 'UTC')
    else date_trunc('day', ${end}, 'UTC') end`
}
