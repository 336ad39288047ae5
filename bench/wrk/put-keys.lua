-- Writes 10,000 keys in turn, each time with another value of 128 bytes; with the token that wrk was given, if any.
local run, folder, token, count = "", "bench", "", 0
local filler = string.rep("x", 110)

function init(args)
  run, folder = args[1], args[2] or folder
  local secret = wrk.headers["X-Consul-Token"]
  if secret then token = "X-Consul-Token: " .. secret .. "\r\n" end
end

function request()
  count = count + 1
  local value = string.format("%018d%s", count, filler)
  return "PUT /v1/kv/" .. folder .. "/" .. run .. "/" .. (count % 10000) ..
    " HTTP/1.1\r\nHost: 127.0.0.1\r\n" .. token .. "Content-Length: 128\r\n\r\n" .. value
end
