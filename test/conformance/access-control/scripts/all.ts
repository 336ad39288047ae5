import type { Script } from "../../recorded/script.ts";
import { authorize } from "./authorize.ts";
import { agent } from "./agent.ts";
import { authMethods } from "./auth-methods.ts";
import { headers } from "./headers.ts";
import { legacy } from "./legacy.ts";
import { logins } from "./login.ts";
import { motion } from "./motion.ts";
import { policies, roles } from "./policies.ts";
import { reads } from "./reads.ts";
import { bootstrap, rights } from "./rights.ts";
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

/** Scripts for a whole agent which denies by default, and on which a request without a token is anonymous. */
export const agentScripts: Readonly<Record<string, Script>> = { agent, headers, motion, reads, writes };
