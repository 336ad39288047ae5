-- Registers services with the agent. Each request registers a new service.
local run, count = "", 0

function init(args)
  run = args[1]
end

function request()
  count = count + 1
  local body = string.format(
    '{"ID":"%s-%d","Name":"service-%d","Address":"127.0.0.1","Port":8080,"Tags":["bench"]}', run, count, count % 100)
  return "PUT /v1/agent/service/register HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end
