-- Writes 10,000 keys in turn, each time with another value of 128 bytes.
local run, count = "", 0
local filler = string.rep("x", 110)

function init(args)
  run = args[1]
end

function request()
  count = count + 1
  local value = string.format("%018d%s", count, filler)
  return "PUT /v1/kv/bench/" .. run .. "/" .. (count % 10000) ..
    " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 128\r\n\r\n" .. value
end
