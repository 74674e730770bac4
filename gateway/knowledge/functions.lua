#!lua name=callmark_VERSION

-- What runs inside Redis (7.0 or later, any Valkey). VERSION is the hash of this text: nodes of two
-- releases share a server, each calling its own functions, and a function never answers for another text.
-- Every key touched is given in KEYS. Nothing here raises for what a value holds: a poisoned value
-- costs its own entry, not the batch.

local LONGEST_ENTRY = 1024 -- entry.py's; a longer value is not sent across
local LONGEST_MARKER = 64
local MOST_CALL_IDS = 256 -- a replayed PASSporT is not a way to fill the memory

local POISONED = 0 -- an integer where a string or nothing was expected

local function bounded(value, longest)
  if type(value) == 'table' or (value and #value > longest) then
    return POISONED
  end
  return value
end

-- KEYS: M markers, L hashes, E notes that may be there, C claims, notes to make.
-- ARGV: M, L, E, C, a field for each hash, two values for each claim, the seconds of each note.
local HEAD = 4

-- On its own for a server that takes no writes: neither claims nor notes are there.
local function read(keys, args)
  local markers, lookups, notes = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  local reply = {}
  for i = 1, markers do
    reply[i] = bounded(redis.pcall('GET', keys[i]), LONGEST_MARKER)
  end
  for i = 1, lookups do
    reply[markers + i] = bounded(redis.pcall('HGET', keys[markers + i], args[HEAD + i]), LONGEST_ENTRY)
  end
  for i = markers + lookups + 1, markers + lookups + notes do
    reply[i] = redis.call('EXISTS', keys[i])
  end
  return reply
end

-- A claim: the call id joins the set of those that used this PASSporT; how many there are now.
local function claim(key, member, keep_seconds)
  local known = redis.pcall('SCARD', key)
  if type(known) == 'table' then -- another type: replay memory may be lost, so the key starts anew
    redis.call('DEL', key)
    known = 0
  end
  if known >= MOST_CALL_IDS or redis.call('SADD', key, member) == 0 then
    return known
  end
  if known == 0 then
    redis.call('EXPIRE', key, keep_seconds)
  end
  return known + 1
end

-- The answers of read, then a count for each claim (ARGV: call id, seconds to keep). Notes have no answer
-- and are made first: a call back may be in the batch of the call for help.
local function ask(keys, args)
  local lookups, claims = tonumber(args[2]), tonumber(args[4])
  local before = tonumber(args[1]) + lookups + tonumber(args[3])
  local first_note, seconds_at = before + claims + 1, HEAD + lookups + 2 * claims + 1
  for i = first_note, #keys do
    redis.call('SET', keys[i], '1', 'EX', args[seconds_at + i - first_note])
  end
  local reply = read(keys, args)
  for i = before + 1, before + claims do
    local at = HEAD + lookups + 2 * (i - before)
    reply[i] = claim(keys[i], args[at - 1], args[at])
  end
  return reply
end

-- KEYS: a hash for each entry. ARGV: field, value (empty: forget it), Unix second of its end, for each.
-- Returns how many could not be written because the key holds another type.
local function write(keys, args)
  local damaged = 0
  for i = 1, #keys do
    local key, field, value, ends = keys[i], args[3 * i - 2], args[3 * i - 1], tonumber(args[3 * i])
    local done
    if value == '' then
      done = redis.pcall('HDEL', key, field)
    else
      done = redis.pcall('HSET', key, field, value)
    end
    if type(done) == 'table' then
      damaged = damaged + 1
    elseif value ~= '' and redis.call('EXPIRETIME', key) < ends then
      redis.call('EXPIREAT', key, ends) -- the hash lives as long as its longest entry
    end
  end
  return damaged
end

-- KEYS: a marker. ARGV: the value it must still have, the value it gets. An emptied server, or another
-- rebuild begun meanwhile, no longer has it.
local function finish(keys, args)
  if redis.call('GET', keys[1]) ~= args[1] then
    return 0
  end
  redis.call('SET', keys[1], args[2])
  return 1
end

redis.register_function('callmark_ask_VERSION', ask)
redis.register_function{function_name = 'callmark_look_VERSION', callback = read, flags = {'no-writes'}}
redis.register_function('callmark_write_VERSION', write)
redis.register_function('callmark_finish_VERSION', finish)
