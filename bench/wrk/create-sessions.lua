-- Creates sessions. The argument is the body of each request.
local whole = ""

function init(args)
  whole = "PUT /v1/session/create HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " .. #args[1] .. "\r\n\r\n" .. args[1]
end

function request()
  return whole
end
