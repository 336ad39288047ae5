import { fieldNames, JsonFields } from "./json-fields.ts";

/** Returns the secret from a body of agent/token. @throws OperatingError invalid, code "decode" */
export function decodeAgentToken(json: unknown): string {
  return new JsonFields(json, { names, source: "api", where: "agentToken", goPackage: "api" }).string("Token");
}

const names = fieldNames(["Token"]);
