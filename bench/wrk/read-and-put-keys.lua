-- Reads and writes 100 keys. In each ten requests, nine read a key, and one writes another value of 128 bytes.
local run, count = "", 0
local filler = string.rep("x", 100)

function init(args)
  run = args[1]
end

function request()
  count = count + 1
  if count % 10 ~= 0 then
    return "GET /v1/kv/bench/mixed/" .. (count * 7 % 100) .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
  end
  local value = string.format("%-18s%010d%s", run, count, filler)
  return "PUT /v1/kv/bench/mixed/" .. (count / 10 % 100) ..
    " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 128\r\n\r\n" .. value
end
