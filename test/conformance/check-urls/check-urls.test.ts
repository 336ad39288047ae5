import { afterAll, describe, expect, test } from "bun:test";
import { startGrpcCheck } from "../../../src/checks/grpc.ts";
import { parseHostPort } from "../../../src/checks/host-port.ts";
import { startHttpCheck } from "../../../src/checks/http.ts";
import { startTcpCheck } from "../../../src/checks/tcp.ts";
import { goQuote } from "../../../src/lib/go-quote.ts";
import { formatGoUrl, hostnameOf, parseGoUrl } from "../../../src/lib/go-url.ts";
import { firstResult } from "../../support/check-trial.ts";
import { caseHeader, RecordingServer, withPort } from "./recording-server.ts";
import { type CheckRecord, masked, maskedOutput, readRecording } from "./recording.ts";

/** Praetor's outputs, by URL, for the errors in which Consul's output contains the URL's password. */
const hidden: Readonly<Record<string, string>> = {
  "http://user:p%zz@127.0.0.1:PORT/": 'parse "http://user:***@127.0.0.1:PORT/": invalid URL escape',
  "http://user:a/b@127.0.0.1:PORT/": 'parse "http://user:***@127.0.0.1:PORT/": invalid port after host',
  "http://user:a?b@127.0.0.1:PORT/": 'parse "http://user:***@127.0.0.1:PORT/": invalid port after host',
  "http://user:a#b@127.0.0.1:PORT/": 'parse "http://user:***@127.0.0.1:PORT/": invalid port after host',
};

/**
 * The addresses whose gRPC errors are not compared: Praetor's gRPC library names the address that it dials, Go's names
 * the configured address.
 */
const namedOtherwise: ReadonlySet<string> = new Set(["127.0.0.1:", "[]:1", ":1"]);

const { checks, addresses } = await readRecording();
const server = await RecordingServer.open(checks);
const { port } = server;
const schedule = { intervalMs: 10_000, timeoutMs: 0 };
afterAll(() => server.close());

function expectedOutput({ url, output }: CheckRecord): string {
  return hidden[url] ?? output.replace(/(?<=http:\/\/[^/?#@:]*:)[^/?#]*(?=@127)/, "***");
}

/**
 * Returns the host name that a check failed to look up, or undefined for other outputs. The result of a lookup depends
 * on the machine.
 */
function lookedUp(output: string): string | undefined {
  return /dial tcp: lookup (.*): \.\.\.$/s.exec(output)?.[1];
}

describe("an HTTP check parses its URL and the target of a redirect as Consul does", () => {
  const rows = checks.map((check, at) => [check.url, check.location ?? "", at, check] as const);
  test.each(rows)("for the URL %j and a redirect to %j", async (url, _location, at, check) => {
    const name = lookedUp(check.output);
    if (name !== undefined) {
      const parsed = parseGoUrl(withPort(url, port));
      const output = `Get ${goQuote(formatGoUrl(parsed))}: dial tcp: lookup ${hostnameOf(parsed)}: ...`;
      expect(output.replaceAll(String(port), "PORT")).toBe(check.output);
      return;
    }
    const { method = "", header = {} } = check;
    const { output } = await firstResult((options) => {
      const headers = { ...header, [caseHeader]: [String(at)] };
      const request = { url: withPort(url, port), method, headers, body: "", tlsSkipVerify: false };
      return startHttpCheck({ kind: "http", ...request, ...schedule }, options);
    });
    expect({ requests: masked(server.requests[at] ?? [], port), output: maskedOutput(output, port) }).toEqual({
      requests: [...check.requests],
      output: expectedOutput(check),
    });
  });
});

describe("TCP and gRPC checks parse their address as Consul does", () => {
  test.each(addresses.map((each) => [each.address, each] as const))(
    "for the address %j",
    async (text, { tcp, grpc }) => {
      const address = withPort(text, port);
      const name = lookedUp(tcp);
      if (name === undefined) {
        const result = await firstResult((options) => startTcpCheck({ kind: "tcp", address, ...schedule }, options));
        expect(maskedOutput(result.output, port)).toBe(tcp);
      } else expect(parseHostPort(address).host).toBe(name);
      // The server does not speak gRPC, and the gRPC libraries of Consul and Praetor have different messages for that
      // error.
      if (!grpc.includes("Error while dialing") || grpc.includes("lookup") || namedOtherwise.has(text)) return;
      const method = { kind: "grpc", target: address, useTls: false, tlsSkipVerify: false, ...schedule } as const;
      const { output } = await firstResult((options) => startGrpcCheck(method, options));
      expect(maskedOutput(output, port)).toBe(grpc);
    },
  );
});
