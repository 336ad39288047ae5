-- Updates TTL checks in turn, each time with another output and, with the argument "turn", another status.
local run, checks, turn, count = "", 1, false, 0

function init(args)
  run, checks, turn = args[1], tonumber(args[2]), args[3] == "turn"
end

function request()
  count = count + 1
  local round = math.floor(count / checks)
  local status = (turn and round % 2 == 0) and "warning" or "passing"
  local body = '{"Status":"' .. status .. '","Output":"' .. run .. "-" .. count .. '"}'
  return "PUT /v1/agent/check/update/alive-" .. count % checks .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " .. #body ..
    "\r\n\r\n" .. body
end
