import { expect, test } from "bun:test";
import { hideTokens } from "./request-log.ts";

// The right sides but the fifth are what Consul 1.8.7 writes.
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
  ["/v1/kv/a?tokens=1&x=token", "/v1/kv/a?tokens=1&x=token"],
  ["/v1/kv/a%20b?x=a+b", "/v1/kv/a%20b?x=a+b"],
  ["/v1/kv/a?x=%zz", "/v1/kv/a?x=%zz"],
])("%s is logged as %s", (target, shown) => expect(hideTokens(target)).toBe(shown));
