import type { Script } from "../../recorded/script.ts";
import { authorize } from "./authorize.ts";
import { agent } from "./agent.ts";
import { allowed } from "./allowed.ts";
import { authMethods } from "./auth-methods.ts";
import { headers } from "./headers.ts";
import { keyLists } from "./key-lists.ts";
import { legacy } from "./legacy.ts";
import { legacyNamed } from "./legacy-names.ts";
import { logins } from "./login.ts";
import { motion } from "./motion.ts";
import { ownWrites } from "./own-writes.ts";
import { policies, roles } from "./policies.ts";
import { reads } from "./reads.ts";
import { bootstrap, rights } from "./rights.ts";
import { allowing, denying, guardingLists, legacyNames } from "./settings.ts";
import { tokenLists, tokens } from "./tokens.ts";
import { translate } from "./translate.ts";
import { writes } from "./writes.ts";

/** The scripts by the name of the file with Consul's answers. Their requests without a token are those of the master token. */
export const scripts: Readonly<Record<string, Script>> = {
  "auth-methods": authMethods,
  authorize,
  bootstrap,
  legacy,
  logins,
  policies,
  rights,
  roles,
  "token-lists": tokenLists,
  tokens,
  translate,
};

/** A script for a whole agent with these settings of access control. */
export interface AgentScript {
  readonly settings: string;
  readonly script: Script;
}

/** The scripts for a whole agent, on which a request without a token is anonymous. */
export const agentScripts: Readonly<Record<string, AgentScript>> = {
  agent: { settings: denying, script: agent },
  allowed: { settings: allowing, script: allowed },
  headers: { settings: denying, script: headers },
  "key-lists": { settings: guardingLists, script: keyLists },
  "legacy-names": { settings: legacyNames, script: legacyNamed },
  motion: { settings: denying, script: motion },
  "own-writes": { settings: denying, script: ownWrites },
  reads: { settings: denying, script: reads },
  writes: { settings: denying, script: writes },
};
