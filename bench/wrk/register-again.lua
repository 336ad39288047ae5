-- Registers services with the agent or the catalog in turn, each time with other metadata, so that each registration is a write.
local to, run, known, nodes, count = "", "", 1, 1, 0

function init(args)
  to, run, known, nodes = args[1], args[2], tonumber(args[3]), tonumber(args[4])
end

local function body(number, meta)
  local id, name = "again-" .. number, "again-" .. number % 100
  local rest = '"Port":8080,"Tags":["bench"],"Meta":{"run":"' .. meta .. '"}}'
  if to == "agent" then
    return '{"ID":"' .. id .. '","Name":"' .. name .. '",' .. rest
  end
  local node = number % nodes
  return '{"Node":"rack-' .. node .. '","Address":"10.0.0.' .. node .. '","Service":{"ID":"' .. id .. '","Service":"' .. name ..
    '",' .. rest .. "}"
end

function request()
  count = count + 1
  local number = (count - 1) % known + 1
  local text = body(number, run .. "-" .. count)
  local path = to == "agent" and "/v1/agent/service/register" or "/v1/catalog/register"
  return "PUT " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " .. #text .. "\r\n\r\n" .. text
end
