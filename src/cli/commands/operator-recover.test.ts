import { expect, test } from "bun:test";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { OperatingError } from "../../lib/errors.ts";
import { operatorRecoverCommand } from "./operator-recover.ts";

const server = {
  others: ["gw2 at 192.0.2.2:8300"],
  index: 17,
  keys: 2,
  nodes: 3,
  sessions: 1,
};

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string; did: string[] }> {
  const did: string[] = [];
  const command = operatorRecoverCommand((folder) => {
    did.push(`open ${folder}`);
    if (folder === "wrong") throw new OperatingError("invalid", "recovery-refused", "no server. Nothing was changed");
    const note = (what: string) => async () => void did.push(what);
    return Promise.resolve({ ...server, carryOut: note("carry out"), close: note("close") });
  });
  return { ...(await runCommandWith(command, args)), did };
}

test("praetor operator recover without -yes says what is lost and done, and changes nothing", async () => {
  const { code, stdout, did } = await run("-data-dir=data");
  expect([code, did]).toEqual([1, ["open data", "close"]]);
  expect(stdout).toContain("all writes up to index 17: 2 keys, 3 nodes, 1 sessions.");
  expect(stdout).toContain("  gw2 at 192.0.2.2:8300\n");
  expect(stdout).toContain("are lost");
  expect(stdout).toEndWith("Nothing was changed. To recover: praetor operator recover -data-dir=data -yes\n");
});

test("praetor operator recover -yes recovers, and says how to go on", async () => {
  const { code, stdout, did } = await run("-data-dir=data", "-yes");
  expect([code, did]).toEqual([0, ["open data", "carry out", "close"]]);
  expect(stdout).toContain("Recovered. Start this server by the same command as before");
});

test("praetor operator recover needs a data folder, and prints why the server must not be recovered", async () => {
  expect(await run("-yes")).toMatchObject({ code: 1, stderr: expect.stringContaining("-data-dir=FOLDER"), did: [] });
  const refused = await run("-data-dir=wrong", "-yes");
  expect([refused.code, refused.stdout]).toEqual([1, ""]);
  expect(refused.stderr).toContain("no server. Nothing was changed");
});
