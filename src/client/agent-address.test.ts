import { expect, test } from "bun:test";
import { parseAgentAddress } from "./agent-address.ts";

test.each([
  ["10.0.0.1:8501", "http://10.0.0.1:8501"],
  ["gateway", "http://gateway"],
  ["https://gateway:8501/", "https://gateway:8501"],
  ["http://gateway:80", "http://gateway"],
  ["[::1]:8500", "http://[::1]:8500"],
])("the address %s is parsed to the base URL %s", (text, baseUrl) => {
  expect(parseAgentAddress(text, { secure: false })).toEqual({ baseUrl });
});

test("CONSUL_HTTP_SSL makes every address HTTPS", () => {
  for (const address of ["gateway:8501", "http://gateway:8501", "https://gateway:8501"])
    expect(parseAgentAddress(address, { secure: true }).baseUrl).toBe("https://gateway:8501");
  expect(parseAgentAddress("unix:///run/a b.sock", { secure: true })).toEqual({
    baseUrl: "https://localhost",
    socket: "/run/a b.sock",
  });
});

test.each([
  ["ftp://x", "Unknown protocol scheme: ftp; expected host:port"],
  ["unix://", "Unknown protocol scheme: unix"],
  ["http://gateway:8500/consul", 'the agent\'s address "http://gateway:8500/consul" has more than a host and a port'],
  ["gateway:8500?token=x", "has more than a host and a port"],
  ["", 'the agent\'s address "" is not a host and a port'],
  ["a b:8500", "is not a host and a port"],
  ["gateway:99999", "is not a host and a port"],
])("the address %j is refused, and the error names the expected form", (text, message) => {
  expect(() => parseAgentAddress(text, { secure: false })).toThrow(message);
});

test("a password in an address is not shown in the error", () => {
  for (const address of ["http://op:s3cret@gateway:8500", "op:s3cret@gateway:8500"])
    expect(() => parseAgentAddress(address, { secure: false })).toThrow(/^(?!.*s3cret).*\*\*\*@gateway:8500/);
});
