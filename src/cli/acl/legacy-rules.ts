import { RulesError } from "../../acl/rules.ts";
import { translateRules } from "../../acl/translate.ts";
import { AgentApi, type ApiCall } from "../api-command.ts";
import { connect, namespaceQuery } from "../agent-connection.ts";
import { CommandFailure } from "../command-failure.ts";
import { JsonRow } from "../../client/json-row.ts";
import { explained, tokenKind, wholeId } from "./object-id.ts";

/**
 * Translates rules in the syntax before Consul 1.4 into today's.
 * @throws CommandFailure if they cannot be parsed
 */
export function translated(rules: string): string {
  try {
    return translateRules(rules);
  } catch (error) {
    if (error instanceof RulesError) throw new CommandFailure(`Error translating rules: ${error.message}`);
    throw error;
  }
}

/**
 * Returns the rules of a legacy token, translated.
 * @param given the token's accessor or the beginning of one, or its secret if `isSecret`. A secret goes to the agent in a header
 *   alone, where Consul would print a short one in an error's text.
 * @throws CommandFailure if the token has no rules; OperatingError if the accessor cannot be completed
 */
export async function legacyTokenRules(call: ApiCall, given: string, isSecret: boolean): Promise<string> {
  const { api } = call;
  const read = isSecret ? () => apiWith(call, given).json("/v1/acl/token/self") : await accessorReader(api, given);
  const token = await explained("Error reading token", read);
  const rules = new JsonRow(token).text("Rules");
  if (rules === "") throw new CommandFailure("Token is not a legacy token with rules");
  return translated(rules);
}

async function accessorReader(api: AgentApi, given: string): Promise<() => Promise<unknown>> {
  const id = await wholeId(api, tokenKind, given);
  return () => api.json(`/v1/acl/token/${encodeURIComponent(id)}`);
}

/** Returns the API of the command's agent, to ask with another token. */
export function apiWith({ flags, io }: ApiCall, token: string): AgentApi {
  return new AgentApi(connect(flags, io, { token }), { query: namespaceQuery(flags, io.env), signal: io.signal });
}
