-- Sends transactions that set 64 keys each: 6,400 keys in turn, each time with another value of 96 bytes.
local run, count = "", 0
-- The value is base64, in which four characters, also digits, stand for three bytes.
local filler = string.rep("eHh4", 29)

function init(args)
  run = args[1]
end

function request()
  count = count + 1
  local value = string.format("%012d%s", count, filler)
  local operations = {}
  for at = 0, 63 do
    operations[at + 1] = '{"KV":{"Verb":"set","Key":"bench/' .. run .. "/" .. (count % 100) .. "/" .. at ..
      '","Value":"' .. value .. '"}}'
  end
  local body = "[" .. table.concat(operations, ",") .. "]"
  return "PUT /v1/txn HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end
