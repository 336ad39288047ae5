import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programOf } from "../../support/target.ts";
import { within } from "../../support/within.ts";

const folder = mkdtempSync(join(tmpdir(), "namespace-"));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * The commands that create the interfaces: eth0 has no carrier, and its floating address has a label; eth1 is down;
 * ppp0 has a default route without a gateway.
 */
const commands = `ip link set lo up
  ip link add eth0 type bridge
  ip link add eth1 type bridge
  ip link set dev eth0 addrgenmode none
  ip tuntap add dev ppp0 mode tun
  ip link set dev ppp0 addrgenmode none
  ip addr add 10.20.0.100/32 dev eth0 label eth0:vip
  ip addr add 10.20.0.5/24 dev eth0
  ip addr add fd00:20::5/64 dev eth0 nodad
  ip addr add 10.30.0.5/16 dev eth1
  ip addr add 10.9.0.2 peer 10.9.0.1 dev ppp0
  ip link set eth0 up
  ip link set ppp0 up
  ip route add default dev ppp0 metric 1
  ip route add default via 10.20.0.1 metric 2`.split(/\n\s*/);

function inNamespace(command: string): string[] {
  return ["unshare", "--map-root-user", "--net", "sh", "-c", [...commands, command].join(" && ")];
}

function whyNot(): string | undefined {
  if (Bun.which("unshare") === null || Bun.which("ip") === null) return "needs unshare and ip";
  const { success, stderr } = Bun.spawnSync(inNamespace("true"));
  return success ? undefined : `cannot make a network namespace: ${stderr.toString().trim()}`;
}

const reason = whyNot();

test.skipIf(reason !== undefined)(
  `an agent sees the interfaces of its machine as Consul does${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  async () => {
    const socket = join(folder, "http.sock");
    const config = {
      addresses: { http: `unix://${socket}` },
      bind_addr: '{{ GetInterfaceIP "eth0" }}',
      client_addr: '{{ GetAllInterfaces | include "flags" "up" | include "type" "ipv4" | join "address" " " }}',
      retry_join: [
        '{{ GetAllInterfaces | join "string" "," }}',
        '{{ GetAllInterfaces | join "name" "," }}',
        '{{ GetAllInterfaces | join "flags" "," }}',
        '{{ GetDefaultInterfaces | include "type" "ipv4" | join "address" "," }}',
        '{{ GetPrivateInterfaces | sort "default,type,size" | join "string" "," }}',
      ],
    };
    const file = join(folder, "agent.json");
    await Bun.write(file, JSON.stringify(config));
    const program = programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor");
    const agent = Bun.spawn(inNamespace(`exec ${program.join(" ")} agent -dev -config-file ${file}`), {
      stdout: "ignore",
      stderr: "ignore",
    });
    try {
      const { DebugConfig } = await within(20_000, async () => {
        const answer = await fetch("http://localhost/v1/agent/self", { unix: socket });
        return (await answer.json()) as { DebugConfig: Record<string, unknown> };
      });
      const flags = ["up|loopback", "up|loopback", ...Array<string>(3).fill("up|broadcast|multicast")];
      const { BindAddr, ClientAddrs, RetryJoinLAN } = DebugConfig;
      expect({ BindAddr, ClientAddrs, RetryJoinLAN }).toEqual({
        BindAddr: "10.20.0.5",
        ClientAddrs: ["127.0.0.1", "10.20.0.100", "10.20.0.5", "10.9.0.2"],
        RetryJoinLAN: [
          "127.0.0.1/8,::1,10.20.0.100,10.20.0.5/24,fd00:20::5/64,10.30.0.5/16,10.9.0.2",
          "lo,lo,eth0,eth0,eth0,eth1,ppp0",
          [...flags, "broadcast|multicast", "up|pointtopoint|multicast"].join(","),
          "10.20.0.100,10.20.0.5",
          "10.20.0.5/24,10.20.0.100,fd00:20::5/64,10.9.0.2",
        ],
      });
    } finally {
      agent.kill("SIGTERM");
      await agent.exited;
    }
  },
);
