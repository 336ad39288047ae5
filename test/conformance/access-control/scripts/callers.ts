import type { Script, Step } from "../../recorded/script.ts";
import { masterSecret } from "./master-secret.ts";

/** A request with its body, which a script sends as several callers. */
export type Asked = string | readonly [request: string, body?: unknown];

/** The caller of a request by the secret of its token; undefined sends none. */
export type Secret = string | undefined;

/** A secret that no token has. */
export const unknownSecret = "7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6affff";

/** Returns the secret of the token with a number from 1 to 99. */
export function secretOf(number: number): string {
  return `7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a02${String(number).padStart(2, "0")}`;
}

/** Returns the steps that create a token with this number and secret, whose one policy has these rules. */
export function grant(number: number, rules: string): Script {
  const accessor = `7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a01${String(number).padStart(2, "0")}`;
  const policy = { Name: `policy-${number}`, Rules: rules };
  const token = { AccessorID: accessor, SecretID: secretOf(number), Policies: [{ Name: policy.Name }] };
  return by(masterSecret, [
    ["PUT /v1/acl/policy", policy],
    ["PUT /v1/acl/token", token],
  ]);
}

/** Returns the steps that send each request with the secret. */
export function by(secret: Secret, requests: readonly Asked[]): Script {
  return requests.map((asked): Step => {
    const [request, body] = typeof asked === "string" ? [asked] : asked;
    return secret === undefined ? [request, body] : [request, body, { headers: { "X-Consul-Token": secret } }];
  });
}

/** Returns the steps that send all the requests as one caller after the other. */
export function byEach(secrets: readonly Secret[], requests: readonly Asked[]): Script {
  return secrets.flatMap((secret) => by(secret, requests));
}

/** Returns the steps that send each request as all callers, before the next request. */
export function eachBy(secrets: readonly Secret[], requests: readonly Asked[]): Script {
  return requests.flatMap((asked) => secrets.flatMap((secret) => by(secret, [asked])));
}
