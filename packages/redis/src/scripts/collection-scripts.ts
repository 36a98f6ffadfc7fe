/**
 * The names of all collections of a kind, in the order of their bytes: one sorted set whose members all have the score 0. Members are `c` and the name, or
 * `z` and the JSON of a name that is not well-formed Unicode; and `!done` when the set has all of them. It is gathered anew for each scan, and ends by itself.
 */
const gatheredForMs = 24 * 3_600_000

/** ARGV: members. The end stays that the first of them gave it. */
export const addCollections: string = `
for _, member in ipairs(ARGV) do redis.call('ZADD', KEYS[1], 0, member) end
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ${gatheredForMs}) end
return 1`

/** ARGV: where it begins, such as '[c', count. Answers members, or 'behind' where the set has not all of them. */
export const listCollections: string = `
if not redis.call('ZSCORE', KEYS[1], '!done') then return 'behind' end
return redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])`
