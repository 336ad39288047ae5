import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compileFor } from "../../scripts/release/executables.ts";
import { targets } from "../../scripts/release/targets.ts";
import { exchange } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

/** Runs executables for other processors than this machine's in QEMU's emulation of them. */

const soonMs = 60_000;
const places: string[] = [];
afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true });
});

interface Emulated {
  readonly processor: string;
  /** The target whose executable runs on it. */
  readonly target: string;
  readonly emulator: readonly string[];
}

const emulated: readonly Emulated[] = [
  { processor: "arm64", target: "linux-arm64", emulator: ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"] },
  // Nehalem has neither AVX nor AVX2.
  { processor: "amd64 of 2008", target: "linux-amd64", emulator: ["qemu-x86_64-static", "-cpu", "Nehalem"] },
];

describe.each(emulated)("on an emulated $processor", ({ target: name, emulator }) => {
  test.skipIf(Bun.which(emulator[0] ?? "") === null)(
    "the executable says its version, writes, checks a service, and keeps both through a restart and a kill -9 (skipped without QEMU)",
    async () => {
      const target = targets.find((each) => each.name === name);
      if (target === undefined) throw new Error(`there is no target ${name}`);
      const executable = await compileFor(target);
      const folder = mkdtempSync(join(tmpdir(), "emulated-"));
      places.push(dirname(executable), folder);
      const version = Bun.spawnSync([...emulator, executable, "version"]).stdout.toString();
      expect(version).toStartWith("Consul v1.8.7\nPraetor v");

      const [http = 0, server = 0] = await freePorts(2);
      const url = `http://127.0.0.1:${http}`;
      const start = async (): Promise<Bun.Subprocess> => {
        const ports = ["-http-port", `${http}`, "-server-port", `${server}`, "-dns-port", "-1", "-keeper-port", "-1"];
        const kind = ["agent", "-server", "-bootstrap", "-bind", "127.0.0.1", "-data-dir", folder];
        const agent = Bun.spawn([...emulator, executable, ...kind, ...ports], {
          stdio: ["ignore", "ignore", "ignore"],
        });
        await within(soonMs, async () =>
          expect((await exchange(url, "GET", { path: "/v1/status/leader" })).status).toBe(200),
        );
        return agent;
      };
      const expectKept = async (key: string): Promise<void> => {
        expect((await exchange(url, "GET", { path: `/v1/kv/${key}?raw` })).text).toBe("kept");
        await within(soonMs, async () => {
          const { json } = await exchange(url, "GET", { path: "/v1/health/checks/self" });
          expect(json).toMatchObject([{ Status: "passing", ServiceID: "self" }]);
        });
      };

      const first = await start();
      expect((await exchange(url, "PUT", { path: "/v1/kv/a", body: "kept" })).text).toBe("true");
      const check = { HTTP: `${url}/v1/status/leader`, Interval: "1s" };
      const body = { Name: "self", Check: check };
      expect((await exchange(url, "PUT", { path: "/v1/agent/service/register", body })).status).toBe(200);
      await expectKept("a");
      first.kill("SIGTERM");
      await first.exited;

      const second = await start();
      await expectKept("a");
      expect((await exchange(url, "PUT", { path: "/v1/kv/b", body: "kept" })).text).toBe("true");
      second.kill("SIGKILL");
      await second.exited;

      const third = await start();
      await expectKept("b");
      third.kill("SIGTERM");
      await third.exited;
    },
  );
});
