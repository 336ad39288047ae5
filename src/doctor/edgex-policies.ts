import { rightsOf } from "../acl/rights.ts";
import { parseRules, RulesError } from "../acl/rules.ts";
import { JsonRow, rowsOf } from "../client/json-row.ts";

interface Asked {
  readonly nodeName: string;
  readonly defaultPolicy: "allow" | "deny";
  /** Resolves with the body of the answer; with undefined if the agent refuses it, which is then reported. */
  readonly ask: (path: string, what: string) => Promise<unknown>;
}

/** The policies that EdgeX 2 and 3 give to their services. */
const ofEdgeX = /^(acl_policy_for_.+|edgex-service-policy)$/;

/** Returns the names of EdgeX's policies that do not let its services read the node. */
export async function findPoliciesWithoutNode({ nodeName, defaultPolicy, ask }: Asked): Promise<readonly string[]> {
  const what = "EdgeX's policies";
  const listed = rowsOf(await ask("/v1/acl/policies", what)).filter((policy) => ofEdgeX.test(policy.text("Name")));
  const found: string[] = [];
  for (const policy of listed) {
    const rules = new JsonRow(await ask(`/v1/acl/policy/${policy.text("ID")}`, what)).text("Rules");
    if (!mayReadNode(rules, { nodeName, defaultPolicy })) found.push(policy.text("Name"));
  }
  return found.toSorted();
}

function mayReadNode(rules: string, { nodeName, defaultPolicy }: Omit<Asked, "ask">): boolean {
  try {
    return rightsOf([parseRules(rules)], defaultPolicy).may("node", "read", nodeName);
  } catch (error) {
    if (error instanceof RulesError) return true;
    throw error;
  }
}
