import { expect, test } from "bun:test";
import { runCommandWith } from "../../../test/support/command-io.ts";
import { versionCommand } from "./version.ts";

test("praetor version prints Consul's version in the first line and Praetor's in the second", async () => {
  const { stdout } = await runCommandWith(versionCommand("0.1.0"), []);
  expect(stdout.split("\n").slice(0, 2)).toEqual(["Consul v1.8.7", "Praetor v0.1.0, which speaks its interfaces"]);
});

test("praetor version -format=json prints the versions of Consul and Praetor", async () => {
  const { stdout } = await runCommandWith(versionCommand("0.1.0"), ["-format=json"]);
  expect(JSON.parse(stdout)).toMatchObject({ Version: "1.8.7", Praetor: "0.1.0" });
  expect(await runCommandWith(versionCommand("0.1.0"), ["-format=x"])).toMatchObject({
    code: 1,
    stderr: "Unknown format: x\n",
  });
});
