-- GET of random full tiles (KIND=0) or entry bundles (KIND=entries) of a log of
-- SIZE entries (both from the environment),
-- as monitors and residents read. Output as add.lua.

local WIDTH = 256
local kind = os.getenv("KIND")
local size = tonumber(os.getenv("SIZE"))
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args) math.randomseed(number + os.time()) end

local function name(index)
  local text = string.format("%03d", index % 1000)
  while index >= 1000 do
    index = math.floor(index / 1000)
    text = string.format("x%03d/", index % 1000) .. text
  end
  return text
end

function request()
  local tile = math.random(0, math.floor(size / WIDTH) - 1)
  return wrk.format("GET", "/tile/" .. kind .. "/" .. name(tile))
end

function done(summary, latency, requests)
  local e = summary.errors
  print(string.format("RESULT %d %.0f %.3f %.3f %.1f %d", summary.requests,
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000,
    e.connect + e.read + e.write + e.status + e.timeout))
end
