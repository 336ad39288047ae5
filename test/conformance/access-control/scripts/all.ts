import type { Script } from "../../recorded/script.ts";
import { authorize } from "./authorize.ts";
import { authMethods } from "./auth-methods.ts";
import { legacy } from "./legacy.ts";
import { logins } from "./login.ts";
import { policies, roles } from "./policies.ts";
import { bootstrap, rights } from "./rights.ts";
import { tokenLists, tokens } from "./tokens.ts";
import { translate } from "./translate.ts";

/** The scripts by the name of the file with Consul's answers. */
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
