import { fieldNames, JsonFields } from "./json-fields.ts";

/**
 * Checks the body of operator/keyring, of which nothing is kept: there is no keyring.
 * @throws OperatingError invalid, code "decode"
 */
export function checkKeyringChange(json: unknown): void {
  const fields = new JsonFields(json, { names, source: "api", where: "keyringArgs", goPackage: "agent" });
  fields.string("Key");
  fields.string("Token");
  fields.bool("LocalOnly");
}

const names = fieldNames(["Key", "Token", "RelayFactor", "LocalOnly"]);
