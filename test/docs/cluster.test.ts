import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSourceFiles } from "../architecture/source-file.ts";
import { expectedOutput, type TourStep, tourSteps } from "../support/console-blocks.ts";
import { skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { freePorts } from "../support/free-ports.ts";
import { Shell } from "../support/shell.ts";
import { programOf } from "../support/target.ts";

/*
 * Runs the commands of docs/cluster.md. Each board of the document is a shell with a folder of its own. Its address is one of
 * this machine's loopback addresses, and its agent has free ports.
 */

const [document] = await readSourceFiles("docs/cluster.md");
const folder = mkdtempSync(join(tmpdir(), "cluster-"));
const boards = {
  one: { shown: "10.11.0.11", own: "127.9.0.11" },
  two: { shown: "10.11.0.12", own: "127.9.0.12" },
  three: { shown: "10.11.0.13", own: "127.9.0.13" },
  four: { shown: "10.11.0.14", own: "127.9.0.14" },
  server: { shown: "10.11.0.2", own: "127.9.0.2" },
  client: { shown: "10.11.0.3", own: "127.9.0.3" },
};
const [httpPort = 0, serverPort = 0] = await freePorts(2);
const shells = new Map<string, Shell>();

beforeAll(() => {
  mkdirSync(join(folder, "bin"));
  const write = (name: string, script: string): void => {
    const path = join(folder, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  write("praetor", `exec ${programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor").join(" ")} "$@"`);
  write("scp", `cp "$2" "${folder}/$(echo "$3" | cut -d: -f1)/$(echo "$3" | cut -d: -f2)"`);
  for (const [name, { own }] of Object.entries(boards)) {
    const cwd = join(folder, own);
    mkdirSync(cwd);
    const env = {
      PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
      CONSUL_HTTP_ADDR: `http://${own}:${httpPort}`,
    };
    shells.set(name, new Shell({ cwd, env }));
  }
});

afterAll(async () => {
  for (const shell of shells.values()) await shell.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Returns the command with the boards' own addresses and ports. */
function here(command: string, board: string): string {
  const ports = `-client ADDRESS -http-port ${httpPort} -dns-port -1 -grpc-port -1 -server-port ${serverPort}`;
  const own = Object.entries(boards).find(([name]) => name === board)?.[1].own;
  return Object.values(boards).reduce(
    (text, { shown, own: address }) =>
      text
        .replaceAll(`-bind ${shown} `, `-bind ${address} ${ports.replace("ADDRESS", address)} `)
        .replaceAll(shown, address),
    command.replaceAll("http://127.0.0.1:8500", `http://${own}:${httpPort}`),
  );
}

/** Returns an output with what differs from run to run replaced. */
function asShown(text: string): string {
  const shown = Object.values(boards)
    .reduce((all, each) => all.replaceAll(each.own, each.shown), text)
    .replaceAll(`:${serverPort}`, ":8300")
    .replaceAll(/ [0-9a-f]{8}  /g, " ...       ")
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "id")
    .replaceAll(/(snapshot to|up to) index .*/g, "$1 index ...")
    // The shell reports a killed job some time later.
    .replaceAll(/^bash: line .* Killed .*\n/gm, "");
  return shown.includes("RaftProtocol") ? peersAsShown(shown) : shown;
}

/** Which server leads, and the order of the servers, is chance; the addresses' width differs. */
function peersAsShown(table: string): string {
  const rows = table.split("\n").map((row) => row.replace(/ leader | follower /, " state ").replaceAll(/ {2,}/g, "  "));
  return rows.toSorted().join("\n");
}

async function run(steps: readonly TourStep[]): Promise<void> {
  expect(steps.length).toBeGreaterThan(8);
  for (const { name, commands } of steps)
    for (const { command, output } of commands) {
      const printed = asShown((await shells.get(name)?.run(here(command, name))) ?? "");
      const expected = asShown(output.join("\n"));
      if (!expectedOutput(expected === "" ? [] : expected.trim().split("\n"))(printed.trimStart()))
        expect(`${name} $ ${command}\n${printed}`).toBe(`${name} $ ${command}\n${expected}`);
    }
}

const steps = tourSteps(document?.text ?? "");
const isOfTwo = ({ name }: TourStep): boolean => name === "server" || name === "client";

test("the commands for a server and a client agent in docs/cluster.md print the documented output", () =>
  run(steps.filter(isOfTwo)));

test.skipIf(withoutEtcd !== undefined)(
  `the commands for three servers in docs/cluster.md print the documented output${skippedWithoutEtcd}`,
  () => run(steps.filter((step) => !isOfTwo(step))),
);
