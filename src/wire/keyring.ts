import { fieldNames, JsonFields } from "./json-fields.ts";

/**
 * Returns the key, in base64, from a body of operator/keyring; "" when the body has no key.
 * @throws OperatingError invalid, code "decode"
 */
export function decodeKeyringKey(json: unknown): string {
  const fields = new JsonFields(json, { names, source: "api", where: "keyringArgs", goPackage: "agent" });
  fields.string("Token");
  fields.bool("LocalOnly");
  return fields.string("Key");
}

const names = fieldNames(["Key", "Token", "RelayFactor", "LocalOnly"]);
