import { parseRules, RulesError } from "../acl/rules.ts";

/** Returns why rules cannot be parsed, in Consul's words; undefined if they can. */
export function rulesFaultOf(rules: string): string | undefined {
  try {
    parseRules(rules);
    return undefined;
  } catch (error) {
    if (error instanceof RulesError) return error.message;
    throw error;
  }
}
