import { agentTokenNames, type AgentTokenName, type AgentTokens } from "../../agent/agent-tokens.ts";
import { OperatingError } from "../../lib/errors.ts";
import { decodeAgentToken } from "../../wire/agent-token.ts";
import { parseJson } from "../../wire/json.ts";
import { empty } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import { bodyBytesMax } from "../limits.ts";
import type { Endpoint } from "../route.ts";

export interface AgentTokenParts {
  /** The agent's own tokens; undefined while access control is off. */
  readonly agentTokens: AgentTokens | undefined;
}

/** The names of tokens in a path, and those of before Consul 1.4. */
const namesInPath: ReadonlyMap<string, AgentTokenName> = new Map([
  ...agentTokenNames.map((name) => [name, name] as const),
  ["acl_token", "default"],
  ["acl_agent_token", "agent"],
  ["acl_agent_master_token", "agent_master"],
  ["acl_replication_token", "replication"],
]);

/** Gives the agent a token of its own. Consul: the token need not exist. */
export function setAgentToken({ agentTokens }: AgentTokenParts): Endpoint {
  return async (request) => {
    if (!agentTokens) throw new HttpError(401, "ACL support disabled");
    const secret = decode(await request.body(bodyBytesMax));
    const name = namesInPath.get(request.rest);
    if (name === undefined) throw new HttpError(404, `Token ${JSON.stringify(request.rest)} is unknown`);
    agentTokens.give(name, secret);
    return empty();
  };
}

function decode(body: Uint8Array): string {
  try {
    return decodeAgentToken(parseJson(body));
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw new HttpError(400, `Request decode failed: ${error.message.replace(/^Request decode failed: /, "")}`);
  }
}
