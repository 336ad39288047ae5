-- Requests in turn the targets that a file lists, one on each line. A target that ends in "=" gets a new number each time, so
-- that the agent has no kept answer for it. PUT sends an empty body, or a new value of 128 bytes each time.
local run, method, bodyBytes, targets, count = "", "GET", 0, {}, 0

function init(args)
  run, method, bodyBytes = args[1], args[3], tonumber(args[4])
  for line in io.lines(args[2]) do targets[#targets + 1] = line end
end

function request()
  count = count + 1
  local target = targets[(count - 1) % #targets + 1]
  if string.sub(target, -1) == "=" then target = target .. run .. "-" .. count end
  local head = method .. " " .. target .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n"
  if method == "GET" then return head .. "\r\n" end
  local body = string.rep("x", bodyBytes - 18)
  if bodyBytes > 0 then body = string.format("%-10s%08d", run, count) .. body end
  return head .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end
