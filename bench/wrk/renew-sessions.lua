-- Renews sessions in turn. The arguments are their ids.
local ids, count = {}, 0

function init(args)
  ids = args
end

function request()
  count = count + 1
  return "PUT /v1/session/renew/" .. ids[count % #ids + 1] .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
end
