-- POST /add of 1 KiB entries, each different from all others and hard to
-- compress. Prints "RESULT requests rate p50_ms p99_ms max_ms errors".

local ENTRY_BYTES = 1024
local POOL_BYTES = 1024 * 1024

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  local seed = number * 7919 + os.time()
  math.randomseed(seed)
  local bytes = {}
  for i = 1, POOL_BYTES do bytes[i] = string.char(math.random(0, 255)) end
  pool = table.concat(bytes)
  prefix = string.format("%010d %04d ", os.time(), number)
  counter = 0
end

function request()
  counter = counter + 1
  local head = prefix .. string.format("%012d ", counter)
  local from = math.random(1, POOL_BYTES - ENTRY_BYTES)
  local body = head .. string.sub(pool, from, from + ENTRY_BYTES - #head - 1)
  return wrk.format("POST", "/add", nil, body)
end

function done(summary, latency, requests)
  local e = summary.errors
  print(string.format("RESULT %d %.0f %.3f %.3f %.1f %d", summary.requests,
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000,
    e.connect + e.read + e.write + e.status + e.timeout))
end
