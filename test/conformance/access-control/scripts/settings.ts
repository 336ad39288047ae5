import { agentMaster } from "./legacy-names.ts";
import { masterSecret } from "./master-secret.ts";

const tokens = `tokens { master = "${masterSecret}" agent = "${masterSecret}" }`;

/** Access control under which a request without a token is anonymous, and may do nothing. The agent writes with the master token. */
export const denying: string = `acl { enabled = true default_policy = "deny" ${tokens} }`;

/** As {@link denying}, and a list of keys needs the right to list. */
export const guardingLists: string = `acl { enabled = true default_policy = "deny" enable_key_list_policy = true ${tokens} }`;

/** As {@link denying}, but what no rule speaks of is allowed. */
export const allowing: string = `acl { enabled = true default_policy = "allow" ${tokens} }`;

/** The names of before 1.4 for {@link guardingLists}. The datacenter's name, in any case, turns access control on. */
export const legacyNames: string = `acl_datacenter = "DC1" acl_default_policy = "deny" acl_down_policy = "extend-cache" acl_ttl = "5s"
  acl_master_token = "${masterSecret}" acl_agent_token = "${masterSecret}" acl_agent_master_token = "${agentMaster}"
  acl_enable_key_list_policy = true acl_enforce_version_8 = false`;
