-- Sends a mixed load, as from the services of a gateway, on the data of bench/lib/fill.ts. In each ten requests, six read a key,
-- two write a key, one looks up a service, and one updates a check.
local count = 0
local filler = string.rep("x", 110)

local function put(path, body)
  return "PUT " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

local function get(path)
  return "GET " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
end

function request()
  count = count + 1
  local kind = count % 10
  -- The step 7 has no divisor in common with the numbers of keys and services, so that all of them are used.
  local key = "/v1/kv/bench/filled/" .. (count * 7) % 10000
  local service = (count * 7) % 1000
  if kind < 6 then return get(key) end
  if kind < 8 then return put(key, string.format("%018d%s", count, filler)) end
  if kind < 9 then return get("/v1/health/service/device-" .. service) end
  return put("/v1/agent/check/pass/check-" .. service, "")
end
