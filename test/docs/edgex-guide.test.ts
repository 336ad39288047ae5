import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, definitionFiles } from "../../src/edgex/definitions.ts";
import { readSourceFiles } from "../architecture/source-file.ts";
import { type CannedAgent, startCannedAgent } from "../support/canned-agent.ts";
import { startCannedKeeper } from "../support/canned-keeper.ts";
import { expectedOutput, tourSteps } from "../support/console-blocks.ts";
import { genevaConsul } from "../support/geneva-consul.ts";
import { Shell } from "../support/shell.ts";
import { programOf, startTarget, type Target } from "../support/target.ts";

/* Runs the commands of both migrations in docs/edgex.md, each from an old registry to a new agent. */

const [document] = await readSourceFiles("docs/edgex.md");
const steps = tourSteps(document?.text ?? "");
const folder = mkdtempSync(join(tmpdir(), "guide-"));

beforeAll(() => {
  const path = join(folder, "bin/praetor");
  mkdirSync(join(folder, "bin"));
  writeFileSync(path, `#!/bin/sh\nexec ${programOf("praetor").join(" ")} "$@"\n`);
  chmodSync(path, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const check = { interval: "10s", path: "/api/v3/ping", type: "http" };
const keeperContents = {
  values: {
    "edgex/v4/core-common-config-bootstrapper/all-services/Writable/LogLevel": "INFO",
    "edgex/v4/core-data/Service/Host": "edgex-core-data",
    "edgex/v4/core-data/Service/Port": "59880",
    "edgex/v4/core-data/Writable/LogLevel": "INFO",
  },
  registrations: [
    { serviceId: "core-data", status: "UP", host: "edgex-core-data", port: 59880, HealthCheck: check },
    { serviceId: "core-metadata", status: "UP", host: "edgex-core-metadata", port: 59881, HealthCheck: check },
    { serviceId: "device-rest", status: "HALT", host: "edgex-device-rest", port: 59986, HealthCheck: check },
  ],
} as const;

interface Way {
  readonly address: string;
  readonly start: () => CannedAgent;
  /** The kind of database, as EDGEX_DB selects it. */
  readonly database: Database;
}

const ways: Readonly<Record<string, Way>> = {
  consul: {
    address: "http://edgex-core-consul:8500",
    start: () => startCannedAgent(genevaConsul),
    database: "redis",
  },
  keeper: {
    address: "http://edgex-core-keeper:59890",
    start: () => startCannedKeeper(keeperContents),
    database: "none",
  },
};

/** Starts an agent with the definitions that `praetor edgex` writes for this kind of database. */
function startEdgex(name: string, database: Database): Promise<Target> {
  const definitions = join(folder, name);
  mkdirSync(definitions);
  for (const file of definitionFiles({ database, isSecure: false, executable: ["praetor"], agentUrl: "" }))
    writeFileSync(join(definitions, file.name), file.content);
  return startTarget("-config-dir", definitions, "-keeper-port", "-1");
}

test.each(Object.entries(ways))(
  "each command of the migration from %s prints the documented output",
  async (name, { address, start, database }) => {
    using old = start();
    const agent = await startEdgex(name, database);
    const shell = new Shell({
      cwd: folder,
      env: { PATH: `${join(folder, "bin")}:${process.env["PATH"]}`, CONSUL_HTTP_ADDR: agent.url },
    });
    const asShown = (text: string): string =>
      text
        .replaceAll(old.url, address)
        .replaceAll(agent.url, "http://127.0.0.1:8500")
        .replaceAll("(node1)", "(praetor)");
    try {
      const commands = steps.filter((step) => step.name === name).flatMap((step) => step.commands);
      expect(commands.length).toBeGreaterThan(3);
      for (const { command, output } of commands) {
        const printed = asShown(await shell.run(command.replaceAll(address, old.url)));
        if (!expectedOutput(output)(printed))
          expect(`$ ${command}\n${printed}`).toBe(`$ ${command}\n${output.join("\n")}`);
      }
    } finally {
      await shell.stop();
      await agent.stop();
    }
  },
);
