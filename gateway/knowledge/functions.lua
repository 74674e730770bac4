#!lua name=callmark_VERSION

-- What runs inside Redis (7.0 or later, any Valkey). VERSION is the hash of this text: nodes of two
-- releases share a server, each calling its own functions, and a function never answers for another text.
-- Every key touched is given in KEYS. Nothing here raises for what a value holds: a poisoned value
-- costs its own entry, not the batch.

local LONGEST_ENTRY = 1024 -- entry.py's; a longer value is not sent across
local LONGEST_MARKER = 64
local MOST_CALL_IDS = 256 -- a replayed PASSporT is not a way to fill the memory
local MOST_FOLLOWED = 1024 -- numbers and blocks in one partition's traffic: 256 of them take some 50 MB
local NEAR = 10 -- two called numbers no further apart follow one another

local POISONED = 0 -- an integer where a string or nothing was expected

local function bounded(value, longest)
  if type(value) == 'table' or (value and #value > longest) then
    return POISONED
  end
  return value
end

local LONGEST_BLOCKS = 64
local BLOCK = 14 -- bytes of a block's evidence, before the digits of its parts: block_entry.py's
local MOST_PARTS = 10

local function names(value, at, digit)
  return type(value) == 'string' and string.find(value, digit, at + 1, true)
end

-- Behind which byte an exchange names its thousands: behind its area's and its own evidence, and in a longer
-- value a range's between them.
local function before_thousands(value)
  if type(value) == 'string' and #value > 2 * BLOCK + MOST_PARTS then
    return 3 * BLOCK + 1
  end
  return 2 * BLOCK
end

-- The number's entry, the evidence of its area and exchange, of its thousand, hundred and ten: in the hash of
-- the exchange under the last four digits, 'x', and the digits that follow the exchange. Redis looks through a
-- small hash from its beginning for every field, so only what the block around it names is asked for.
local function look_up(key, digits)
  local thousand, hundred, ten = string.sub(digits, 1, 1), string.sub(digits, 1, 2), string.sub(digits, 1, 3)
  local found = redis.pcall('HMGET', key, digits, 'x', thousand)
  if found.err then
    return POISONED
  end
  local reply = {bounded(found[1], LONGEST_ENTRY), bounded(found[2], LONGEST_BLOCKS)}
  if names(reply[2], before_thousands(reply[2]), thousand) then
    reply[3] = bounded(found[3], LONGEST_BLOCKS)
    if names(reply[3], BLOCK, string.sub(digits, 2, 2)) then
      local inner = redis.pcall('HMGET', key, hundred, ten)
      reply[4] = bounded(inner[1], LONGEST_BLOCKS)
      if names(reply[4], BLOCK, string.sub(digits, 3, 3)) then
        reply[5] = bounded(inner[2], LONGEST_BLOCKS)
      end
    end
  end
  return reply
end

-- KEYS: M markers, L hashes, E notes that may be there, C claims, T traffics, notes to make.
-- ARGV: M, L, E, C, T, the window's seconds, a field for each hash, two values for each claim, four for each
-- traffic, the seconds of each note.
local HEAD = 6

-- On its own for a server that takes no writes: neither claims, traffics nor notes are there.
local function read(keys, args)
  local markers, lookups, notes = tonumber(args[1]), tonumber(args[2]), tonumber(args[3])
  local reply = {}
  for i = 1, markers do
    reply[i] = bounded(redis.pcall('GET', keys[i]), LONGEST_MARKER)
  end
  for i = 1, lookups do
    reply[markers + i] = look_up(keys[markers + i], args[HEAD + i])
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

-- Traffic: what a number or a block did in the window that slides over the last seconds, in one bounded
-- hash a partition. An entry is packed: the window's number, eight counts of this window, eight of
-- the one before, and the last eight called (of a block: calling) numbers. The order of the counts is that of
-- gateway.reputation.traffic.Shape.
local COUNTS, RING = 8, 8
local CALLS, FRESH, SEQUENTIAL, HONEYPOTS = 1, 2, 3, 8
local SIZE = 1 + 2 * COUNTS + RING
local PACKED = '<I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I4I8I8I8I8I8I8I8I8' -- no number has more than 15 digits
local PACKED_SIZE = 17 * 4 + 8 * 8 -- string and struct are not there while a library is loaded

local function read_traffic(value)
  if type(value) ~= 'string' or #value ~= PACKED_SIZE then
    return nil
  end
  local entry = {struct.unpack(PACKED, value)}
  entry[SIZE + 1] = nil -- where unpacking ended
  return entry
end

local function traffic_of(key, subject, window)
  local value = redis.pcall('HGET', key, subject)
  local entry, is_new = read_traffic(value), value == false
  if type(value) == 'table' then -- another type: traffic may be lost, so the key starts anew
    redis.call('DEL', key)
    is_new = true
  end
  if not entry then
    entry = {window}
    for i = 2, SIZE do
      entry[i] = 0
    end
  end
  local is_first = entry[1] ~= window -- in this window
  if is_first then
    local follows = entry[1] == window - 1
    for i = 2, COUNTS + 1 do
      entry[COUNTS + i] = follows and entry[i] or 0
      entry[i] = 0
    end
    for i = SIZE - RING + 1, follows and 0 or SIZE do
      entry[i] = 0
    end
    entry[1] = window
  end
  return entry, is_new, is_first
end

-- Of four found at random the one that called least and longest ago: callers of many calls stay, as those
-- of one come and go.
local function make_room(key)
  local least, fewest
  local found = redis.call('HRANDFIELD', key, 4, 'WITHVALUES')
  for i = 1, #found, 2 do
    local entry = read_traffic(found[i + 1])
    local calls = entry and entry[1] * 1e6 + entry[1 + CALLS] + entry[1 + COUNTS + CALLS] or 0
    if not fewest or calls < fewest then
      least, fewest = found[i], calls
    end
  end
  redis.call('HDEL', key, least)
end

local function keep_traffic(key, subject, entry, is_new, is_first, window_seconds)
  if is_new and redis.call('HLEN', key) >= MOST_FOLLOWED then
    make_room(key)
  end
  redis.call('HSET', key, subject, struct.pack(PACKED, unpack(entry)))
  if (is_new or is_first) and redis.call('TTL', key) < 2 * window_seconds then
    redis.call('EXPIRE', key, 4 * window_seconds)
  end
end

-- What still counts: this window, and of the one before the part that is not over yet.
local function add_shape(reply, entry, left)
  for i = 2, COUNTS + 1 do
    reply[#reply + 1] = math.floor(entry[i] + entry[COUNTS + i] * left)
  end
end

local function note_call(entry, member, is_honeypot)
  entry[1 + CALLS] = entry[1 + CALLS] + 1
  local first, is_near = SIZE - RING + 1, false
  for i = first, SIZE do
    if entry[i] == member then
      return
    end
    is_near = is_near or (entry[i] > 0 and math.abs(entry[i] - member) <= NEAR)
  end
  if member > 0 then
    entry[1 + FRESH] = entry[1 + FRESH] + 1
    entry[1 + SEQUENTIAL] = entry[1 + SEQUENTIAL] + (is_near and 1 or 0)
    entry[1 + HONEYPOTS] = entry[1 + HONEYPOTS] + (is_honeypot and 1 or 0)
    table.remove(entry, first)
    entry[SIZE] = member
  end
end

local function clock(window_seconds)
  local now = redis.call('TIME')
  local at = (tonumber(now[1]) + tonumber(now[2]) / 1e6) / window_seconds
  return math.floor(at), 1 - (at - math.floor(at))
end

-- ARGV of one call: path, calling number, called number (0: none), whether that is a honeypot's ('1').
-- Returns the shape of the number, then that of the thousand numbers it stands among.
local function note_traffic(key, path, tn, called, honeypot, window, left, window_seconds)
  local reply = {}
  local number, block = path .. tn, path .. string.sub(tn, 1, -4) .. '*'
  local entry, is_new, is_first = traffic_of(key, number, window)
  note_call(entry, tonumber(called) or 0, honeypot == '1')
  keep_traffic(key, number, entry, is_new, is_first, window_seconds)
  add_shape(reply, entry, left)
  entry, is_new, is_first = traffic_of(key, block, window)
  note_call(entry, tonumber(tn) or 0, honeypot == '1')
  keep_traffic(key, block, entry, is_new, is_first, window_seconds)
  add_shape(reply, entry, left)
  return reply
end

-- KEYS: a traffic for each subject. ARGV: the window's seconds, then for each its name and eight counts to
-- add. Returns what each has come to.
local function tell(keys, args)
  local window_seconds = tonumber(args[1])
  local window, left = clock(window_seconds)
  local reply = {}
  for i = 1, #keys do
    local at = 2 + (i - 1) * (COUNTS + 1)
    local entry, is_new, is_first = traffic_of(keys[i], args[at], window)
    for count = 1, COUNTS do
      entry[1 + count] = entry[1 + count] + tonumber(args[at + count])
    end
    keep_traffic(keys[i], args[at], entry, is_new, is_first, window_seconds)
    add_shape(reply, entry, left)
  end
  return reply
end

-- The answers of read, then a count for each claim (ARGV: call id, seconds to keep) and two shapes for each
-- traffic. Notes have no answer and are made first: a call back may be in the batch of the call for help.
local function ask(keys, args)
  local lookups, claims, traffics = tonumber(args[2]), tonumber(args[4]), tonumber(args[5])
  local before = tonumber(args[1]) + lookups + tonumber(args[3])
  local first_note = before + claims + traffics + 1
  local traffic_at = HEAD + lookups + 2 * claims
  local seconds_at = traffic_at + 4 * traffics + 1
  for i = first_note, #keys do
    redis.call('SET', keys[i], '1', 'EX', args[seconds_at + i - first_note])
  end
  local reply = read(keys, args)
  for i = before + 1, before + claims do
    local at = HEAD + lookups + 2 * (i - before)
    reply[i] = claim(keys[i], args[at - 1], args[at])
  end
  if traffics > 0 then
    local window_seconds = tonumber(args[6])
    local window, left = clock(window_seconds)
    for i = 1, traffics do
      local at = traffic_at + 4 * i
      reply[before + claims + i] = note_traffic(
        keys[before + claims + i], args[at - 3], args[at - 2], args[at - 1], args[at],
        window, left, window_seconds
      )
    end
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
redis.register_function('callmark_tell_VERSION', tell)
redis.register_function('callmark_finish_VERSION', finish)
