import { expect, test } from "bun:test";
import { checkMethodOf } from "./check-method.ts";

const http = { HTTP: "http://localhost:48080/api/v1/ping", Interval: "10s" };
const tcp = { TCP: "edgex-redis:6379", Interval: "10s" };

test.each([
  ["http", `HTTP GET ${http.HTTP}: 200 OK Output: pong`, http],
  ["http", `HTTP GET ${http.HTTP}: 503 Service Unavailable Output: HTTP GET http://elsewhere: 200 OK`, http],
  ["http", `Get "${http.HTTP}": dial tcp 127.0.0.1:48080: connect: connection refused`, http],
  // Output of Consul 1.7, the version in Geneva.
  ["http", `Get ${http.HTTP}: dial tcp 127.0.0.1:48080: connect: connection refused`, http],
  ["", "TCP connect edgex-redis:6379: Success", tcp],
])("the target of a check of type '%s' is taken from its last output: %s", (Type, Output, method) => {
  expect(checkMethodOf({ Type, Output, Definition: {} })).toMatchObject({ method });
});

test.each([
  ["http", "HTTP POST http://localhost/: 200 OK Output: ", "what it printed last does not either"],
  ["http", "", "what it printed last does not either"],
  ["tcp", "dial tcp 172.17.0.2:6379: connect: connection refused", "what it printed last does not either"],
  ["script", "HTTP is fine", "which program it runs"],
  ["ttl", "", "how long its time to live is"],
  ["alias", "All checks passing.", "what it follows"],
  ["grpc", "gRPC check localhost:1: success", "how it is run"],
])(
  "for a check of type '%s' with the output %j the result names the missing part of the definition",
  (Type, Output, why) => {
    expect(checkMethodOf({ Type, Output, Definition: {} })).toEndWith(why);
  },
);

test("a check's method is taken from its definition, even if its last output names a different target", () => {
  const Definition = { TTL: "30s" };
  expect(checkMethodOf({ Type: "ttl", Output: "HTTP GET http://x: 200 OK", Definition })).toEqual({
    method: Definition,
  });
});
