import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import { ownProgram } from "../support/own-program.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const inFolder = (name: string): string => join(sandbox.folder, name);
/** Whether the tests run as root, whom file modes do not stop from writing. */
const isRoot = process.getuid?.() === 0;

describe("an agent that starts", () => {
  test("prints its version, its listeners and its data folder", async () => {
    const agent = await sandbox.start("-data-dir", inFolder("said"), "-datacenter", "plant", "-ui");
    await agent.ready();
    const { port } = new URL(agent.url);
    const lines = agent.output().split("\n");
    expect(lines[0]).toBe("==> Starting Praetor agent...");
    expect(lines.at(-2)).toBe("==> Praetor agent running!");
    expect(agent.output()).toMatch(/^ +Version: '\d+\.\d+\.\d+'$/m);
    expect(agent.output()).toMatch(/^ +Node ID: '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'$/m);
    expect(agent.output()).toContain("         Node name: 'node1'\n        Datacenter: 'plant'\n");
    expect(agent.output()).toContain(`       Client Addr: [127.0.0.1] (HTTP: ${port}, HTTPS: -1)\n`);
    expect(agent.output()).toContain(`              Data: ${inFolder("said")}\n`);
    expect(agent.output()).toContain(`[INFO]  agent.http: Started HTTP server: address=127.0.0.1:${port} network=http`);
  });

  test("writes its process id to a file, and removes the file when it ends", async () => {
    const file = inFolder("agent.pid");
    const agent = await sandbox.start("-dev", "-pid-file", file);
    await agent.ready();
    expect(readFileSync(file, "utf8")).toBe(String(agent.pid));
    agent.signal("SIGTERM");
    await agent.ended();
    expect(existsSync(file)).toBe(false);
  });

  test("with -dev writes nothing to a disk, even if a data folder is configured", async () => {
    const agent = await sandbox.start("-dev", "-data-dir", inFolder("unwanted"));
    await agent.ready();
    expect(agent.output()).toContain("Data: in memory: nothing is kept");
    expect((await agent.send("PUT", "/v1/kv/a", { body: "1" })).json).toBe(true);
    expect(existsSync(inFolder("unwanted"))).toBe(false);
    // A file descriptor may be closed during the inspection, so a missing one is no error.
    const look = { throwIfNoEntry: false };
    const files = readdirSync(`/proc/${agent.pid}/fd`).map((fd) => statSync(`/proc/${agent.pid}/fd/${fd}`, look));
    expect(
      files
        .filter((file) => file !== undefined)
        .filter((file) => file.isFile() && file.size > 0)
        .map((file) => file.ino),
    ).toEqual([]);
  });

  test("advertises a private address when it is bound to all addresses", async () => {
    const agent = await sandbox.start("-data-dir", inFolder("any"), "-bind", "0.0.0.0");
    await agent.ready();
    const self = (await agent.send("GET", "/v1/agent/self")).json as { Member: { Addr: string } };
    expect(self.Member.Addr).toMatch(/^[0-9.]+$/);
    expect(self.Member.Addr).not.toBe("0.0.0.0");
  });
});

describe("an agent that cannot start prints the reason and exits with 1:", () => {
  const agentWords = ["agent", "-server", "-bind", "127.0.0.1", "-dns-port", "-1"] as const;

  test("another agent uses its data folder, and that agent keeps running", async () => {
    const folder = inFolder("shared");
    const first = await sandbox.start("-data-dir", folder);
    await first.ready();
    const second = await sandbox.start("-data-dir", folder);
    expect(await second.ended()).toBe(1);
    expect(second.output()).toMatch(
      new RegExp(
        `^==> ${folder}/\\S+ is in use by another agent \\(process ${first.pid}\\)\\. ` +
          "Stop that one first, or give this agent a data folder of its own\\.$",
        "m",
      ),
    );
    expect((await first.send("PUT", "/v1/kv/a", { body: "1" })).text).toBe("true");
  });

  test("its data folder is a file", async () => {
    writeFileSync(inFolder("file"), "mine");
    const { code, output } = await sandbox.run(...agentWords, "-data-dir", inFolder("file"));
    expect(output).toContain(`data_dir "${inFolder("file")}" is not a directory (flag -data-dir)`);
    expect(code).toBe(1);
    expect(readFileSync(inFolder("file"), "utf8")).toBe("mine");
  });

  test.skipIf(isRoot)("its data folder is not writable (skipped for root, who may write anywhere)", async () => {
    mkdirSync(inFolder("closed"));
    chmodSync(inFolder("closed"), 0o500);
    const { code, output } = await sandbox.run(...agentWords, "-data-dir", inFolder("closed"));
    expect(output).toContain(`cannot use the data folder ${inFolder("closed")}: EACCES`);
    expect(code).toBe(1);
  });

  test("its data folder cannot be created", async () => {
    const { code, output } = await sandbox.run(...agentWords, "-data-dir", "/proc/praetor");
    expect(output).toMatch(
      /==> cannot use the data folder \/proc\/praetor: ENOENT.*\. Give a folder that this user may/,
    );
    expect(code).toBe(1);
  });

  test("its data is damaged, and the agent deletes no file", async () => {
    const folder = inFolder("damaged");
    const agent = await sandbox.start("-data-dir", folder);
    await agent.ready();
    await agent.send("PUT", "/v1/kv/a", { body: "x".repeat(100_000) });
    agent.signal("SIGTERM");
    await agent.ended();
    const [file = ""] = readdirSync(folder).filter((name) => statSync(join(folder, name)).size > 50_000);
    overwriteMiddle(join(folder, file));
    const before = readFileSync(join(folder, file));

    const again = await sandbox.start("-data-dir", folder);
    expect(await again.ended()).toBe(1);
    expect(again.output()).toContain(`==> ${join(folder, file)} is damaged: `);
    expect(again.output()).toContain("Nothing was repaired or deleted. To go on, move");
    expect(readFileSync(join(folder, file)).equals(before)).toBe(true);
  });

  test("another program listens on its port", async () => {
    const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { code, output } = await sandbox.run("agent", "-dev", "-dns-port", "-1", "-http-port", String(taken.port));
    taken.stop(true);
    expect(output).toContain(`==> cannot listen on 127.0.0.1:${taken.port}: `);
    expect(output).toContain(
      `another program listens there: ${ownProgram}. Stop that program, or choose another address with ` +
        "-http-port, -https-port or -client.",
    );
    expect(code).toBe(1);
  });

  test("its port is the local port of an open connection", async () => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const client = await Bun.connect({ hostname: "127.0.0.1", port: server.port, socket: { data() {} } });
    const port = String(client.localPort);
    const { code, output } = await sandbox.run("agent", "-dev", "-dns-port", "-1", "-http-port", port);
    client.end();
    server.stop(true);
    expect(output).toContain(`==> cannot listen on 127.0.0.1:${port}: no program listens there, but a connection to `);
    expect(output).toContain(`127.0.0.1:${server.port} has the port. Its program is ${ownProgram}.`);
    expect(code).toBe(1);
  });

  test("another agent listens on its port", async () => {
    const first = await sandbox.start("-dev");
    await first.ready();
    const port = new URL(first.url).port;
    const { code, output } = await sandbox.run("agent", "-dev", "-dns-port", "-1", "-http-port", port);
    expect(output).toContain(`==> cannot listen on 127.0.0.1:${port}: `);
    expect(code).toBe(1);
  });

  test("a configured address does not belong to this machine", async () => {
    const { code, output } = await sandbox.run(
      "agent",
      "-dev",
      "-dns-port",
      "-1",
      "-client",
      "192.0.2.7",
      "-http-port",
      "28599",
    );
    expect(output).toMatch(
      /==> cannot listen on 192\.0\.2\.7:28599: this machine has no address 192\.0\.2\.7, only .*127/,
    );
    expect(code).toBe(1);
  });

  test("a configuration file has an error, and the message names the line", async () => {
    const file = inFolder("wrong.hcl");
    writeFileSync(file, 'node_name = "a"\n\nports { htp = 8500 }\n');
    const { code, output } = await sandbox.run("agent", "-dev", "-dns-port", "-1", "-config-file", file);
    expect(output).toContain(
      `==> failed to parse ${file}: At 3:15: invalid config key ports.htp; did you mean ports.http?\n`,
    );
    expect(code).toBe(1);
  });

  test.each([
    [["-no-such-flag"], "flag provided but not defined: -no-such-flag"],
    [["-http-port"], "flag needs an argument: -http-port"],
    [["-dev", "extra"], "Unexpected extra arguments: [extra]"],
    [["-server"], "data_dir cannot be empty: set -data-dir, or use -dev to try things out"],
    [["-dev", "-log-file", "/nowhere/agent.log"], "cannot write the log file /nowhere/agent.log: ENOENT"],
  ])("its arguments are %p", async (words, message) => {
    const { code, output } = await sandbox.run("agent", ...words);
    expect(output).toContain(`==> ${message}`);
    expect(code).toBe(1);
  });

  test("its pid file cannot be written, and the agent unlocks its data folder", async () => {
    const folder = inFolder("no-pid");
    const agent = await sandbox.start("-data-dir", folder, "-pid-file", "/nowhere/agent.pid");
    expect(await agent.ended()).toBe(1);
    expect(agent.output()).toContain("cannot write the pid file /nowhere/agent.pid: ENOENT");
    const again = await sandbox.start("-data-dir", folder);
    await again.ready();
  });
});

function overwriteMiddle(file: string): void {
  const handle = openSync(file, "r+");
  writeSync(handle, Buffer.alloc(512, 0xa5), 0, 512, Math.floor(statSync(file).size / 2));
}
