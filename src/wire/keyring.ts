import { fieldNames, JsonFields } from "./json-fields.ts";

/**
 * The key, in base64, of a body of operator/keyring; "" when it names none.
 * @throws OperatingError invalid, code "decode"
 */
export function decodeKeyringKey(json: unknown): string {
  const fields = new JsonFields(json, { names, source: "api", where: "keyringArgs", goPackage: "agent" });
  fields.string("Token");
  fields.bool("LocalOnly");
  return fields.string("Key");
}

const names = fieldNames(["Key", "Token", "RelayFactor", "LocalOnly"]);
