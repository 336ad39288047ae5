/**
 * Adds the data folder of this version to the museum, with the answers that an agent gives from it: once for each release, right
 * before it. The folder is that of a killed agent, so it is as a power cut leaves it.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../test/support/agent-process.ts";
import { answersFor, furnishForMuseum, keepExhibit, museum, startOn } from "../test/support/museum.ts";

const { version }: { readonly version: string } = await Bun.file("package.json").json();
if (existsSync(join(museum, version))) {
  console.error(`${join("test/museum", version)} is there already: a release does not change its folder`);
  process.exit(1);
}
const sandbox = openSandbox();
try {
  const dataDir = join(sandbox.folder, "data");
  const first = await startOn(sandbox, dataDir);
  await furnishForMuseum(first);
  const answers = await answersFor(first);
  first.signal("SIGKILL");
  await first.ended();
  keepExhibit({ version, answers }, dataDir);
} finally {
  await sandbox.close();
}
console.log(`test/museum/${version}: commit it with the release`);
