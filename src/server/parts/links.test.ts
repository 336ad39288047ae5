import { Metrics } from "../../lib/metrics.ts";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newTestAuthority } from "../../../test/support/authority.ts";
import { interfaceAddress } from "../../../test/support/interface-address.ts";
import { LinkedAgents } from "../../cluster/linked-agents.ts";
import { loadConfig } from "../../config/load.ts";
import { systemClock } from "../../lib/clock.ts";
import { createLog } from "../../lib/log.ts";
import { localAddresses } from "../../lib/rtnetlink.ts";
import { Link } from "../../link/link.ts";
import type { ListenOptions } from "../../link/listen.ts";
import { AgentTls } from "./agent-tls.ts";
import { linkPort, openLinks } from "./links.ts";

const held: Bun.TCPSocketListener<undefined>[] = [];
afterEach(() => held.splice(0).forEach((listener) => listener.stop(true)));

interface Opened {
  /** The options with which the part has called the platform's listenForLinks; undefined before the call. */
  readonly listening: ListenOptions | undefined;
  readonly lines: readonly string[];
}

/** Opens the part for links. @param listen replaces the platform's function, which here listens on no port */
async function open(args: readonly string[], listen: (options: ListenOptions) => void = () => {}): Promise<Opened> {
  const interfaces = () => [interfaceAddress("eth0", "10.0.0.5/24")];
  const config = loadConfig({ args: ["-dev", ...args], env: {}, hostname: "server", interfaces });
  const lines: string[] = [];
  let listening: ListenOptions | undefined;
  const admission = { join: async () => ({ servers: [] }), leave: async () => {}, lost: () => {} };
  await openLinks(config, {
    handler: new LinkedAgents(admission, new Metrics(0).counter("requests")).handler({}),
    listen: (options) => {
      listen(options);
      listening = options;
      return { port: options.port, stop: () => {} };
    },
    clock: systemClock,
    tls: new AgentTls(config),
    log: createLog({ level: "warn", json: false, clock: systemClock, sink: (line) => lines.push(line) }, "server"),
  });
  return { listening, lines };
}

const link = { carries: "link" } as const;
const key = Buffer.alloc(32, 7).toString("base64");

describe("a server without a cluster key", () => {
  test("accepts agents at loopback and at its machine's own addresses", async () => {
    const { listening } = await open([]);
    expect(listening?.security).toBeUndefined();
    for (const from of ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1", ...localAddresses()])
      expect(listening?.refusalOf(from, link)).toBeUndefined();
  });

  test("refuses agents at other addresses, and says how to make a key", async () => {
    const { listening } = await open([]);
    for (const from of ["192.0.2.77", "::ffff:192.0.2.77", "2001:db8::1"])
      expect(listening?.refusalOf(from, link)).toMatch(/of its own machine only\. Make a key with `praetor keygen`/);
  });
});

test("a server with a cluster key accepts agents from anywhere, with the key", async () => {
  const { listening } = await open(["-encrypt", key]);
  expect(listening?.refusalOf("192.0.2.77", link)).toBeUndefined();
  expect(Buffer.from(listening?.security?.key ?? "").toString("base64")).toBe(key);
  expect(listening?.security?.certificate.certificate).toStartWith("-----BEGIN CERTIFICATE-----");
});

test("a server that verifies certificates by verify_incoming_rpc accepts agents from anywhere without a key", async () => {
  const folder = mkdtempSync(join(tmpdir(), "links-"));
  const authority = newTestAuthority();
  const { cert, key: ownKey } = authority.issue();
  const files = { ca_file: authority.certificate, cert_file: cert, key_file: ownKey };
  const settings = Object.entries(files).map(([field, text]) => {
    writeFileSync(join(folder, field), text);
    return `${field} = "${join(folder, field)}"`;
  });
  try {
    const verifying = await open(["-hcl", [...settings, "verify_incoming_rpc = true"].join("\n")]);
    expect(verifying.listening?.refusalOf("192.0.2.77", link)).toBeUndefined();
    expect(verifying.listening?.security?.tls).toMatchObject({ verifiesIncoming: true, own: { certificate: cert } });
    const outgoing = await open(["-hcl", [...settings, "verify_outgoing = true"].join("\n")]);
    expect(outgoing.listening?.refusalOf("192.0.2.77", link)).toContain("of its own machine only");
    const httpsOnly = await open(["-hcl", [...settings, "verify_incoming_https = true"].join("\n")]);
    expect(httpsOnly.listening?.security).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a server with the server port -1 does not listen for agents", async () => {
  expect(await open(["-server-port", "-1"])).toEqual({ listening: undefined, lines: [] });
});

test("a server whose port is taken warns with the name of the other program, and opens", async () => {
  const holder = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  held.push(holder);
  const { listening, lines } = await open(["-server-port", String(holder.port)], ({ address, port }) => {
    held.push(Bun.listen({ hostname: address, port, socket: { data() {} } }));
  });
  expect(listening).toBeUndefined();
  const [warning, ...others] = lines;
  expect([others, warning]).toEqual([
    [],
    expect.stringMatching(/no client agent can join .* on port \d+: .*-server-port/),
  ]);
});

test("a server that stops closes the links that it has, and each that comes later", async () => {
  const config = loadConfig({ args: ["-dev"], env: {}, hostname: "server", interfaces: () => [] });
  const log = createLog({ level: "error", json: false, clock: systemClock, sink: () => {} }, "server");
  const handler = (): Promise<never> => Promise.reject(new Error("no call is expected"));
  const port = await linkPort(config, { tls: new AgentTls(config), handler, clock: systemClock, log });
  const newLink = (): Link => new Link({ write() {}, close() {} }, { hasDialled: false, handler, clock: systemClock });
  const [early, late] = [newLink(), newLink()];
  port.options.onLink(early, "127.0.0.1");
  port.close();
  port.options.onLink(late, "127.0.0.1");
  expect([early.isLost, late.isLost]).toEqual([true, true]);
});
