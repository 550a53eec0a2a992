-- One case for wrk: `wrk -s load.lua URL -- CASE`. The last line that it prints is JSON for `run`.

local floats = 256 * 1024

local cases = {
   echo = {
      type = "application/json",
      body = '{"row": {"id": 1234567, "name": "setosa", "label": "a flower of the garden", '
         .. '"values": [5.1, 3.5, 1.4, 0.2], "checked": true}}',
   },
   classify = {
      type = "application/json",
      body = '{"input_series": [[5.1, 3.5, 1.4, 0.2]]}',
   },
   tensor = {
      type = "application/octet-stream",
      headers = { ["x-tensor-dtype"] = "f32", ["x-tensor-shape"] = "256,1024" },
      body = string.rep("\0\0\128\63", floats), -- the f32 1.0
   },
}

cases.forward = cases.tensor

function init(arguments)
   local case = cases[arguments[1]]
   wrk.method = "POST"
   wrk.body = case.body
   wrk.headers["content-type"] = case.type
   for name, value in pairs(case.headers or {}) do
      wrk.headers[name] = value
   end
   -- Formatted once: what wrk does for each request otherwise would be most of its work.
   local text = wrk.format()
   request = function() return text end
end

function done(summary, latency, _)
   local errors = summary.errors
   io.write(string.format(
      '{"requests": %d, "seconds": %f, "p50_us": %f, "p99_us": %f, "failed": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
      errors.status + errors.connect + errors.read + errors.write + errors.timeout
   ))
end
