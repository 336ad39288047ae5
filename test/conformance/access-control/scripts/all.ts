import type { Script } from "../../recorded/script.ts";
import { authMethods } from "./auth-methods.ts";
import { legacy } from "./legacy.ts";
import { policies, roles } from "./policies.ts";
import { bootstrap, rights } from "./rights.ts";
import { tokenLists, tokens } from "./tokens.ts";

/** The scripts by the name of the file with Consul's answers. */
export const scripts: Readonly<Record<string, Script>> = {
  "auth-methods": authMethods,
  bootstrap,
  legacy,
  policies,
  rights,
  roles,
  "token-lists": tokenLists,
  tokens,
};
