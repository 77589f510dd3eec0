-- Sends the requests of the file REQUESTS one after the other (NUL stands between them) and tells what came of them.
local texts, place, sent, codes = {}, 0, 0, {}
for text in io.open(os.getenv("REQUESTS"), "rb"):read("a"):gmatch("%Z+") do texts[#texts + 1] = text end
local threads = {}
function setup(thread) threads[#threads + 1] = thread end
function request()
  place = place % #texts + 1
  sent = sent + 1
  return texts[place]
end
statuses = ""
function response(status)
  codes[status] = (codes[status] or 0) + 1
  local told = {}
  for code, count in pairs(codes) do told[#told + 1] = string.format('"%d":%d', code, count) end
  statuses = table.concat(told, ",")
end
function done(summary, latency)
  local lost = summary.errors
  io.write(string.format('\nRESULT {"seconds":%f,"lost":%d,"p50":%f,"p95":%f,"p99":%f,"codes":{%s}}\n',
    summary.duration / 1e6, lost.connect + lost.read + lost.write + lost.timeout,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
    threads[1]:get("statuses")))
end
