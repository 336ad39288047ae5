import { fieldNames, JsonFields } from "./json-fields.ts";
import { bareRecord } from "./bare-record.ts";
import { baseFaults, baseNames, decodeBase, missing, refuseFaults } from "./keeper-body.ts";

export interface SecretRequest {
  readonly requestId: string;
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
}

const type = "SecretRequest";
const shared = { source: "api", where: type, ignoreUnknown: true } as const;
const requestNames = fieldNames([...baseNames, "secretName", "secretData"]);
const pairNames = fieldNames(["key", "value"]);

/** Decodes a request to store a secret. @throws OperatingError invalid: code "validation" with all faults, or "decode" */
export function decodeSecretRequest(json: unknown): SecretRequest {
  const fields = new JsonFields(json, { ...shared, names: requestNames });
  const base = decodeBase(fields);
  const name = fields.string("secretName").trim();
  const pairs = fields.list("secretData", "[]common.SecretDataKeyValue").map(decodePair);
  refuseFaults([
    ...baseFaults(base, type),
    ...missing([[`${type}.SecretName`, name]]),
    ...(pairs.length === 0 ? [`${type}.SecretData field is required`] : pairs.flatMap(pairFaults)),
  ]);
  return { requestId: base.requestId, name, data: bareRecord(pairs) };
}

function decodePair(json: unknown): readonly [key: string, value: string] {
  const fields = new JsonFields(json, { ...shared, names: pairNames });
  return [fields.string("key"), fields.string("value")];
}

function pairFaults([key, value]: readonly [string, string], at: number): string[] {
  const pair = `${type}.SecretData[${at}]`;
  return missing([
    [`${pair}.Key`, key],
    [`${pair}.Value`, value],
  ]);
}
