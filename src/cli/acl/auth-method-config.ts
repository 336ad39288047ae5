import { fieldsOf } from "../../client/json-object.ts";
import { decodeFailureReason, parseWholeJson } from "../../wire/json.ts";
import type { ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { CommandFlag } from "../command.ts";
import { readText } from "../data-argument.ts";
import { textFlag } from "./object-flags.ts";

type Config = Readonly<Record<string, unknown>>;

/** The flags that configure an auth method. */
export const configFlags: readonly CommandFlag[] = [
  textFlag("config", "json", "Configuration of the method, in JSON; @FILE or - (standard input) reads it."),
  textFlag("kubernetes-host", "url", "Address of the Kubernetes API server."),
  textFlag("kubernetes-ca-cert", "pem", "Certificate of its CA, in PEM; @FILE or - (standard input) reads it."),
  textFlag(
    "kubernetes-service-account-jwt",
    "jwt",
    "Token of a service account, by which servers verify others; @FILE or - (standard input) reads it.",
  ),
];

const kubernetesFlags = configFlags.filter(({ name }) => name !== "config").map(({ name }) => name);

export interface ConfigOptions {
  readonly type: string;
  /** The method's configuration, which stays where no flag gives another; undefined to begin anew. */
  readonly old: unknown;
  /** The words before an error of the JSON's syntax. */
  readonly unparsable: string;
}

/**
 * Returns the configuration that the flags give for an auth method; undefined for none.
 * @throws CommandFailure if flags contradict each other, or a flag of Kubernetes is missing
 */
export async function configOf(call: ApiCall, { type, old, unparsable }: ConfigOptions): Promise<unknown> {
  const { flags, io } = call;
  const given = (name: string): string => flags.text(name) ?? "";
  if (given("config") !== "") {
    if (kubernetesFlags.some((name) => given(name) !== ""))
      throw new CommandFailure("Cannot use command line arguments with '-config' flags");
    return parseConfig(await readText(given("config"), io, "Error loading configuration file: "), unparsable);
  }
  if (type !== "kubernetes") return old;
  const missing = old === undefined ? kubernetesFlags.find((name) => given(name) === "") : undefined;
  if (missing !== undefined) throw new CommandFailure(`Missing required '-${missing}' flag`);
  const text = (name: string): Promise<string> => readText(given(name), io, `Invalid '-${name}' value: `);
  const host = given("kubernetes-host");
  const certificate = await text("kubernetes-ca-cert");
  const jwt = await text("kubernetes-service-account-jwt");
  return {
    ...fieldsOf(old),
    ...(host !== "" && { Host: host }),
    ...(certificate !== "" && { CACert: certificate }),
    ...(jwt !== "" && { ServiceAccountJWT: jwt.trim() }),
  };
}

function parseConfig(text: string, unparsable: string): Config {
  let json: unknown;
  try {
    // This parser has the error texts of Go, and makes a bigint of a large number.
    parseWholeJson(new TextEncoder().encode(text));
    json = JSON.parse(text);
  } catch (error) {
    throw new CommandFailure(`${unparsable}: ${decodeFailureReason(error)}`);
  }
  if (typeof json === "object" && !Array.isArray(json)) return fieldsOf(json);
  const kind = Array.isArray(json) ? "array" : typeof json === "boolean" ? "bool" : typeof json;
  throw new CommandFailure(
    `${unparsable}: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
  );
}
