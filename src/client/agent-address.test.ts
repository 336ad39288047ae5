import { expect, test } from "bun:test";
import { agentUrlFrom } from "./agent-address.ts";

test.each([
  [{}, undefined],
  [{ CONSUL_HTTP_ADDR: "" }, undefined],
  [{ CONSUL_HTTP_ADDR: "10.0.0.1:8501" }, "http://10.0.0.1:8501"],
  [{ CONSUL_HTTP_ADDR: "gateway" }, "http://gateway:8500"],
  [{ CONSUL_HTTP_ADDR: "https://gateway:8501/" }, "https://gateway:8501"],
  [{ CONSUL_HTTP_ADDR: "[::1]:8500" }, "http://[::1]:8500"],
  [{ CONSUL_HTTP_ADDR: "gateway:8501", CONSUL_HTTP_SSL: "true" }, "https://gateway:8501"],
  [{ CONSUL_HTTP_ADDR: "consul:1", PRAETOR_HTTP_ADDR: "praetor:2" }, "http://praetor:2"],
])("%j names %p", (env, url) => {
  expect(agentUrlFrom(env)).toBe(url);
});

test("what is no address is refused, by the name of its variable", () => {
  expect(() => agentUrlFrom({ CONSUL_HTTP_ADDR: "ftp://x" })).toThrow(/CONSUL_HTTP_ADDR is "ftp:\/\/x"/);
  expect(() => agentUrlFrom({ CONSUL_HTTP_ADDR: "unix:///run/x.sock" })).toThrow(/expected host:port/);
});
