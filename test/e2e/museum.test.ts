import { afterAll, expect, test } from "bun:test";
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import { answersFor, exhibitOf, museum, readNewKey, startOn, writeNewKey } from "../support/museum.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

test.each(readdirSync(museum))(
  "an agent answers from the data folder of %s as that version did, and goes on with it",
  async (version) => {
    const dataDir = join(sandbox.folder, version);
    cpSync(join(museum, version, "store"), dataDir, { recursive: true });
    const { answers } = exhibitOf(version);
    const first = await startOn(sandbox, dataDir);
    expect(await answersFor(first)).toEqual(answers);
    await writeNewKey(first);
    first.signal("SIGKILL");
    await first.ended();

    const second = await startOn(sandbox, dataDir);
    expect(await answersFor(second)).toEqual(answers);
    expect(await readNewKey(second)).toMatchObject([{ Key: "new", Value: btoa("1") }]);
  },
);
