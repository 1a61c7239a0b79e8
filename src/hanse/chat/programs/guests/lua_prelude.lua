-- Runs before a program: takes from it what differs between runs, and puts JSON between it and the
-- host. It protects nobody but the program from itself: what shuts a program in is WebAssembly.
local ANSWER_MAX <const>, DEPTH_MAX <const> = LIMIT, 100

local byte, find, format, gsub = string.byte, string.find, string.format, string.gsub
local match, sub, unpack = string.match, string.sub, string.unpack
local concat, char, length = table.concat, utf8.char, utf8.len
local getinfo, integer, randomseed = debug.getinfo, math.tointeger, math.randomseed
local collect, compile, raise, of = collectgarbage, load, error, getmetatable
local next, rawequal, rawget, set = next, rawequal, rawget, setmetatable
local tonumber, tostring, kind = tonumber, tostring, math.type
local type = type

local now = 0
local empty_array = {}
local function array(items) return set(items or {}, empty_array) end
local null = set({}, { __name = "null", __tostring = function() return "null" end })

-- JSON as the host writes it: without spaces, and with \u for control characters alone.

local plain = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function unescaped(letter, digits)
  if letter == "u" then return char(tonumber(digits, 16)) end
  return (plain[letter] or letter) .. digits
end

-- Searching for one character is many times faster than searching for one of a set.
local next_escape = 0

local function read_string(text, at)
  if next_escape <= at then next_escape = find(text, "\\", at + 1, true) or #text + 1 end
  local stop = find(text, '"', at + 1, true)
  if stop < next_escape then return sub(text, at + 1, stop - 1), stop + 1 end
  stop = next_escape
  while byte(text, stop) == 92 do stop = find(text, '["\\]', stop + 2) end
  local escaped = sub(text, at + 1, stop - 1)
  return (gsub(escaped, "\\(.)(%x?%x?%x?%x?)", unescaped)), stop + 1
end

local function read(text, at)
  local first = byte(text, at)
  if first == 34 then return read_string(text, at) end
  if first == 123 then -- {
    local found, key, value = {}, nil, nil
    if byte(text, at + 1) == 125 then return found, at + 2 end
    repeat
      key, at = read_string(text, at + 1)
      value, at = read(text, at + 1)
      if not rawequal(value, null) then found[key] = value end
    until byte(text, at) ~= 44
    return found, at + 1
  end
  if first == 91 then -- [
    if byte(text, at + 1) == 93 then return array(), at + 2 end
    local found, count = {}, 0
    repeat
      count = count + 1
      found[count], at = read(text, at + 1)
    until byte(text, at) ~= 44
    return found, at + 1
  end
  if first == 116 then return true, at + 4 end
  if first == 102 then return false, at + 5 end
  if first == 110 then return null, at + 4 end
  local _, stop = find(text, "^[-+.%deE]+", at)
  return tonumber(sub(text, at, stop)), stop + 1
end

local wrong, why = {}, ""

local function refuse(...)
  why = format(...)
  raise(wrong, 0)
end

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\" }
for code = 0, 31 do escapes[char(code)] = format("\\u%04x", code) end

local out, count = {}, 0

local function put(text)
  count = count + 1
  out[count] = text
end

local function put_string(text, place)
  if not length(text) then refuse("%s has a string that is not in UTF-8.", place) end
  -- Lua escapes what JSON does, but otherwise; most often there is nothing.
  local quoted = format("%q", text)
  if find(quoted, "\\", 1, true) then
    quoted = '"' .. gsub(text, '[%c"\\]', escapes) .. '"'
  end
  put(quoted)
end

local write

local function write_array(value, depth, place)
  local most = 0
  for key in next, value do
    if kind(key) ~= "integer" or key < 1 then
      refuse("%s is a table with the key %s beside 1: give it strings, or 1 to n.", place,
        tostring(key))
    end
    most = most + 1
  end
  for at = 1, most do
    local item = rawget(value, at)
    if item == nil then
      refuse("%s is a table of %d with nothing at %d: numbers are keys from 1 to n.", place, most,
        at)
    end
    put(at == 1 and "[" or ",")
    write(item, depth, place)
  end
  put("]")
end

local function write_table(value, depth, place)
  if depth > DEPTH_MAX then refuse("%s nests more than %d deep.", place, DEPTH_MAX) end
  local first = next(value)
  if first == nil then return put(rawequal(of(value), empty_array) and "[]" or "{}") end
  if type(first) ~= "string" then return write_array(value, depth + 1, place) end
  local before = "{"
  for key, item in next, value do
    if type(key) ~= "string" then
      refuse("%s is a table with the key %s beside strings: give it strings, or 1 to n.", place,
        tostring(key))
    end
    put(before)
    put_string(key, place)
    put(":")
    write(item, depth + 1, depth < 4 and place .. "." .. key or place)
    before = ","
  end
  put("}")
end

function write(value, depth, place)
  local what = type(value)
  if what == "string" then return put_string(value, place) end
  if what == "boolean" then return put(value and "true" or "false") end
  if what == "number" then
    local whole = integer(value)
    if whole then return put(format("%d", whole)) end
    if value ~= value or value - value ~= 0 then refuse("%s is no finite number.", place) end
    return put(format("%.17g", value))
  end
  if rawequal(value, null) then return put("null") end
  if what ~= "table" then refuse("%s is a %s, which has no form in JSON.", place, what) end
  return write_table(value, depth, place)
end

-- What the host calls. `explain` is told of errors that nobody caught: code, line, what was said.

local function explain(thrown)
  if rawequal(thrown, wrong) then return "bad_answer\n\n" .. why end
  local line, said = nil, thrown
  if type(thrown) == "table" then said = rawget(thrown, "message") end
  if type(said) == "number" then said = tostring(said) end
  if type(said) ~= "string" then said = "what was thrown has no message" end
  local place, rest = match(said, "^program%.lua:(%d+): (.*)$")
  if place then
    line, said = place, rest
  else
    local level, found = 2, getinfo(2, "Sl")
    while found and level < 200 and not line do
      if found.source == "=program.lua" and found.currentline > 0 then line = found.currentline end
      level = level + 1
      found = getinfo(level, "Sl")
    end
  end
  local code = find(said, "stack overflow", 1, true) and "stack" or "threw"
  return code .. "\n" .. (line or "") .. "\n" .. sub(said, 1, 4000)
end

local on_event

local function prepare()
  on_event = rawget(_G, "on_event")
  if type(on_event) ~= "function" then
    raise("The program defines no function on_event(event, state).", 0)
  end
  local state = rawget(_G, "initial_state")
  if state == nil then
    put("null")
  else
    write(state, 1, "initial_state")
  end
  local text = concat(out, "", 1, count)
  out, count = {}, 0
  collect()
  return text
end

local function handle(input)
  local time, seed, other, at = unpack("<i8i8i8", input)
  now = time
  randomseed(seed, other)
  local event, state
  next_escape = 0
  event, at = read(input, at)
  state = read(input, at + 1)
  if rawequal(state, null) then state = nil end
  local answer = on_event(event, state)
  if answer == nil then return "{}" end
  if type(answer) ~= "table" then
    refuse("on_event returned a %s, not a table {state = ..., effects = ...}.", type(answer))
  end
  for key in next, answer do
    if key ~= "state" and key ~= "effects" then
      refuse('on_event returned "%s" beside state and effects.', tostring(key))
    end
  end
  state = rawget(answer, "state")
  local effects = rawget(answer, "effects")
  if state ~= nil then
    put('{"state":')
    write(state, 1, "state")
  end
  if effects ~= nil then
    put(state == nil and '{"effects":' or ',"effects":')
    if type(effects) == "table" and next(effects) == nil then effects = array(effects) end
    write(effects, 1, "effects")
  end
  if count == 0 then return "{}" end
  put("}")
  local text = concat(out, "", 1, count)
  local characters = length(text)
  if characters > ANSWER_MAX then
    refuse("on_event returned %d characters of JSON: %d at most.", characters, ANSWER_MAX)
  end
  return text
end

-- Dates of the proleptic Gregorian calendar, in UTC alone.

local function days_of(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local era = year // 400
  local of_era = year - era * 400
  local of_year = (153 * (month - 3) + 2) // 5 + day - 1
  return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
end

local function date_of(time)
  local days, seconds = time // 86400, time % 86400
  local from = days + 719468
  local era, of_era = from // 146097, from % 146097
  local year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
  local of_year = of_era - (365 * year + year // 4 - year // 100)
  local month = (5 * of_year + 2) // 153
  local day = of_year - (153 * month + 2) // 5 + 1
  month = month < 10 and month + 3 or month - 9
  year = year + era * 400 + (month <= 2 and 1 or 0)
  return {
    year = year, month = month, day = day, hour = seconds // 3600, min = seconds // 60 % 60,
    sec = seconds % 60, wday = (days + 4) % 7 + 1, yday = days - days_of(year, 1, 1) + 1,
    isdst = false,
  }
end

local parts = {
  Y = { "%d", "year" }, m = { "%02d", "month" }, d = { "%02d", "day" }, H = { "%02d", "hour" },
  M = { "%02d", "min" }, S = { "%02d", "sec" }, j = { "%03d", "yday" },
}

local function field(from, name, otherwise)
  local value = integer(tonumber(from[name] or otherwise))
  if not value then raise(format("the field '%s' of a date must be a whole number", name), 3) end
  return value
end

local clock = {}

function clock.time(from)
  if from == nil then return now end
  local month = field(from, "month") - 1
  local days = days_of(field(from, "year") + month // 12, month % 12 + 1, 1) + field(from, "day") - 1
  local seconds = field(from, "hour", 12) * 3600 + field(from, "min", 0) * 60 + field(from, "sec", 0)
  return days * 86400 + seconds
end

function clock.date(how, time)
  local at = integer(time == nil and now or tonumber(time))
  if not at then raise("a time must be a whole number of seconds", 2) end
  local date = date_of(at)
  how = gsub(how or "%Y-%m-%d %H:%M:%S", "^!", "")
  if sub(how, 1, 2) == "*t" then return date end
  return (gsub(how, "%%(.?)", function(letter)
    if letter == "%" then return "%" end
    if letter == "F" then return format("%d-%02d-%02d", date.year, date.month, date.day) end
    if letter == "T" then return format("%02d:%02d:%02d", date.hour, date.min, date.sec) end
    if letter == "w" then return tostring(date.wday - 1) end
    local part = parts[letter]
    if not part then raise(format("os.date knows no '%%%s'", letter), 4) end
    return format(part[1], date[part[2]])
  end))
end

-- What a program may use.

local kept = {
  assert = true, error = true, getmetatable = true, ipairs = true, next = true, pairs = true,
  pcall = true, rawequal = true, rawget = true, rawlen = true, rawset = true, select = true,
  setmetatable = true, tonumber = true, tostring = true, type = true, xpcall = true,
  coroutine = true, math = true, string = true, table = true, utf8 = true,
  _G = true, _VERSION = true,
}
for name in next, _G do
  if not kept[name] then _G[name] = nil end
end
string.dump = nil
os = clock
function load(chunk, name, _, ...) return compile(chunk, name, "t", ...) end

_G.array, _G.null = array, null

return explain, prepare, handle
