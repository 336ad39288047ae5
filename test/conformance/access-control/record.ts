/**
 * Runs scripts against a real Consul with access control, and writes its answers: `record.ts FOLDER [SCRIPT...]`.
 * CONFORMANCE_TARGET=consul and CONSUL_BINARY name the Consul.
 */
import { startTarget, startTargetAs, type Target } from "../../support/target.ts";
import { writeRecording } from "../recorded/recording.ts";
import { runScript } from "../recorded/run-script.ts";
import type { Script } from "../recorded/script.ts";
import { agentScripts, scripts } from "./scripts/all.ts";
import { masterSecret } from "./scripts/master-secret.ts";

const [folder = "", ...chosen] = process.argv.slice(2);
if (folder === "") throw new Error("name the folder for the answers");

function isChosen([name]: readonly [string, unknown]): boolean {
  return chosen.length === 0 || chosen.includes(name);
}

for (const [name, script] of Object.entries(scripts).filter(isChosen)) {
  // Without a master token, anonymous may read the agent's index, because the default policy allows it.
  const tokens = `default_policy = "deny" tokens { master = "${masterSecret}" default = "${masterSecret}" }`;
  const acl = `acl { enabled = true ${name === "bootstrap" ? "" : tokens} }`;
  await record(name, script, { target: await startTarget("-hcl", acl) });
}

for (const [name, { settings, script }] of Object.entries(agentScripts).filter(isChosen))
  await record(name, script, { target: await startTargetAs(masterSecret, ["-hcl", settings]), secret: masterSecret });

async function record(name: string, script: Script, { target, secret }: { target: Target; secret?: string }) {
  try {
    if (target.name !== "consul") throw new Error("set CONFORMANCE_TARGET=consul");
    const exchanges = await runScript(script, target, secret);
    const recorded = new Date().toISOString().slice(0, 10);
    await writeRecording(name, { consul: "1.8.7", recorded, exchanges }, folder);
    console.log(`${name}: ${exchanges.length} requests`);
  } finally {
    await target.stop();
  }
}
