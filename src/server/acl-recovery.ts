import { statSync } from "node:fs";
import { join } from "node:path";
import { isInCluster } from "../cluster/formation/saved-formation.ts";
import { storeFileName } from "../engine/sqlite/row-file.ts";
import { openSqliteEngine } from "../engine/sqlite/sqlite-engine.ts";
import { makeRecoveryToken } from "../http/endpoints/acl-recover.ts";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { systemRandom } from "../lib/random.ts";
import { listAclPolicies } from "../state/acl-lookup.ts";
import { openState } from "../state/open-state.ts";
import { storeOn } from "./parts/store.ts";

/**
 * Creates a management token in the data folder of a server that stands alone and whose agent does not run. Returns the token's JSON.
 * @throws OperatingError if the folder is not this user's, its agent runs, or it has no access control of its own
 */
export async function recoverStoppedAccess(folder: string, clock: Clock): Promise<object> {
  const { uid } = statSync(join(folder, storeFileName));
  // Files of another user would keep the agent from starting.
  if (process.getuid?.() !== uid)
    throw refused(`start the agent first, or run this as the user of the agent, who has the id ${uid}`);
  const { engine, rows, revision } = await openSqliteEngine({ folder });
  try {
    const { state, local } = openState(rows, revision);
    if (isInCluster(local))
      throw refused("the data of this server are in its cluster: start its agent, and run this again");
    // The first leader with access control has made its builtin policy.
    if (listAclPolicies(state).length === 0)
      throw refused(
        "this folder has no tokens, since its agent has never been a server with access control: start it with acl.enabled, and run " +
          "`praetor acl bootstrap`",
      );
    const store = storeOn(engine, state, clock);
    try {
      return (await makeRecoveryToken({ store, random: systemRandom, clock })).token;
    } finally {
      await store.close();
    }
  } finally {
    await engine.close();
  }
}

function refused(why: string): OperatingError {
  return new OperatingError("invalid", "recovery-refused", `The agent does not run, and ${why}. Nothing was changed`);
}
