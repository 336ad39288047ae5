import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { createLog } from "../lib/log.ts";
import { hideTokens, logFinished } from "./request-log.ts";
import { SentPath } from "./sent-path.ts";

test.each([
  [{ address: "192.0.2.7", port: 1 }, "192.0.2.7:1"],
  [{ address: "::ffff:192.0.2.7", port: 1 }, "192.0.2.7:1"],
  [{ address: "2001:db8::7", port: 1 }, "[2001:db8::7]:1"],
  [null, "@"],
])("a request of the peer %p is logged once it is answered, with %s as the client", async (peer, from) => {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = createLog({ level: "debug", json: false, clock, sink: (line) => lines.push(line) }, "agent.http");
  const { promise, resolve } = Promise.withResolvers<Response>();
  const request = new Request("http://agent/v1/kv/a\\b?raw");
  const path = new SentPath({ p0: "v1", p1: "kv", p2: "a\\b" }, ["p0", "p1", "p2"]);
  const answer = logFinished(request, () => promise, { path, peer, clock, log });
  await clock.advance(1_500);
  expect(lines).toEqual([]);
  resolve(new Response());
  await answer;
  const line = `agent.http: Request finished: method=GET url=/v1/kv/a%5Cb?raw from=${from} latency=1.5s`;
  expect(lines).toEqual([expect.stringContaining(line)]);
});

// Consul 1.8.7 logs the same texts as the second column, except in the fifth row.
test.each([
  ["/v1/kv/a?token=abc", "/v1/kv/a?token=<hidden>"],
  ["/v1/kv/a?x=1&token=s3cret&y=2", "/v1/kv/a?x=1&token=<hidden>&y=2"],
  ["/v1/kv/a?token=", "/v1/kv/a?token=<hidden>"],
  ["/v1/kv/a?%74oken=abc", "/v1/kv/a?%74oken=<hidden>"],
  ["/v1/kv/a?token=a%2Db", "/v1/kv/a?token=<hidden>"],
  ["/v1/kv/a?token=abc;x=1", "/v1/kv/a?token=<hidden>;x=1"],
  ["/v1/kv/a?token=abc?d&token=e=f", "/v1/kv/a?token=<hidden>&token=<hidden>"],
  ["/v1/acl/info/5a8b", "/v1/acl/info/<hidden>"],
  ["/v1/acl/info/5a8b?pretty", "/v1/acl/info/<hidden>?pretty"],
  ["/v1//acl/info/5a8b?pretty", "/v1/acl/info/<hidden>?pretty"],
  ["/v1/./acl/%69nfo/x/5a8b%zz", "/v1/acl/info/<hidden>"],
  ["/v1/acl/infos/5a8b", "/v1/acl/infos/5a8b"],
  ["/v1/kv/a?tokens=1&x=token", "/v1/kv/a?tokens=1&x=token"],
  ["/v1/kv/a%20b?x=a+b", "/v1/kv/a%20b?x=a+b"],
  ["/v1/kv/a?x=%zz", "/v1/kv/a?x=%zz"],
])("the request target %s is logged as %s", (target, shown) => expect(hideTokens(target)).toBe(shown));
