import { storeTime, unknownFormat } from './script-parts.js'

/**
 * Reads or creates the beginning of the store's memory. `trusted` is the beginning of what this run of the server can vouch
 * for: a restart from a snapshot, a restored backup and a failover keep old keys and lose the last writes. A server that was
 * a replica for a while is the same run, and has the data of another one; each promotion gives it another `promoted`.
 *
 * Without INFO nobody can tell one run from another. Then `trusted` is now, for this connection only, and is not kept. The
 * same holds for a replica: what it has is what another server sent.
 *
 * ARGV: '1' to write in any case. The write changes nothing where nothing is new, and tells whether the server takes writes.
 * '2' does the same, and a replica's refusal is the answer: the host's client sees it and can reconnect, as `reconnectOnError` says.
 * Answers since, trusted, the time, what the server is, and the error of the write or ''.
 */
export const memory: string = `${storeTime}
local nowText = string.format('%.0f', now)
local function told(section, name)
  local info = redis.pcall('INFO', section)
  return type(info) == 'string' and string.match(info, name .. ':([^\\r\\n]+)') or ''
end
local run, role = told('server', 'run_id'), told('replication', 'role')
local none = string.rep('0', 40) .. ':-1'
local promoted = told('replication', 'master_replid2') .. ':' .. told('replication', 'second_repl_offset')
local known = redis.call('HMGET', KEYS[1], 'v', 'since', 'trusted', 'run', 'promoted')
if known[1] and known[1] ~= '1' then return ${unknownFormat} end
local since, trusted = known[2] or nowText, known[3]
local fields = {'v', '1', 'since', since}
local kind = run == '' and 'unknown' or role == 'slave' and 'replica' or 'master'
local isKept = known[1] and known[4] == run and (known[5] or none) == promoted
if kind ~= 'master' then
  trusted, isKept = nowText, known[1]
elseif not isKept then
  trusted = nowText
  fields = {'v', '1', 'since', since, 'trusted', trusted, 'run', run, 'promoted', promoted}
end
local fault = ''
if not isKept or ARGV[1] ~= '0' then
  local written = redis.pcall('HSET', KEYS[1], unpack(fields))
  if type(written) == 'table' and written.err then fault = written.err end
  if ARGV[1] == '2' and string.find(fault, 'READONLY', 1, true) then return redis.error_reply(fault) end
end
return {since, trusted, nowText, kind, fault}`
