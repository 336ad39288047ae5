import { startTargetAs, type Target } from "../../support/target.ts";
import { masterSecret } from "./scripts/master-secret.ts";

/** Starts an agent on which a request without a token is anonymous, and may do nothing. The agent writes with the master token. */
export function startDenyingTarget(): Promise<Target> {
  const tokens = `master = "${masterSecret}" agent = "${masterSecret}"`;
  const settings = `acl { enabled = true default_policy = "deny" tokens { ${tokens} } }`;
  return startTargetAs(masterSecret, ["-hcl", settings]);
}
