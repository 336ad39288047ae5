import { parseDuration } from "../lib/duration.ts";
import { OperatingError } from "../lib/errors.ts";

/** A watch: the data to watch, and the handler to call when it changes. */
export interface WatchDefinition {
  /** The type: "key", "keyprefix", "services", "nodes", "service", "checks" or "event". */
  readonly type: string;
  /** The parameters of the type, by name: "key", "prefix", "service", "tag" ... */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly handler: WatchHandler;
}

export type WatchHandler = ScriptHandler | HttpHandler;

export interface ScriptHandler {
  readonly kind: "script";
  readonly words: readonly string[];
  /** Whether `words` is one command line for the shell. */
  readonly shell: boolean;
}

export interface HttpHandler {
  readonly kind: "http";
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
  readonly tlsSkipVerify: boolean;
}

const httpTimeoutMsDefault = 10_000;

/** Decodes a watch definition. @throws OperatingError invalid, with Consul's error text */
export function decodeWatchDefinition(plain: unknown): WatchDefinition {
  const { type, handler, handler_type, args, http_handler_config, ...parameters } = fieldsOf(plain);
  const kind = textOf(handler_type, "handler_type") || "script";
  const line = textOf(handler, "handler");
  const words = textsOf(args, "args");
  const decoded = { type: textOf(type, "type"), parameters };
  if (decoded.type === "") throw invalid("Watch type must be specified");
  if (kind === "http") return { ...decoded, handler: httpHandlerOf(http_handler_config) };
  if (kind !== "script") throw invalid(`Handler type '${kind}' not recognized`);
  if (line !== "" && words.length > 0) throw invalid("Only one watch handler allowed");
  if (line === "" && words.length === 0) throw invalid("Must define a watch handler");
  return { ...decoded, handler: { kind, words: line === "" ? words : [line], shell: line !== "" } };
}

function httpHandlerOf(plain: unknown): HttpHandler {
  if (plain === undefined) throw invalid("Handler type 'http' requires 'http_handler_config' to be set");
  const given = fieldsOf(plain);
  const url = handlerUrl(textOf(given["path"], "path"));
  const timeout = textOf(given["timeout"], "timeout");
  const headers = Object.entries(fieldsOf(given["header"])).flatMap(([name, values]) =>
    textsOf(values, `header.${name}`).map((value) => [name, value] as const),
  );
  return {
    kind: "http",
    url,
    method: textOf(given["method"], "method") || "POST",
    headers,
    timeoutMs: timeout === "" ? httpTimeoutMsDefault : parseDuration(timeout),
    tlsSkipVerify: given["tls_skip_verify"] === true,
  };
}

/** Returns the URL of a handler. Consul: Go's URL parser also accepts an IPv4 address in brackets. */
function handlerUrl(text: string): string {
  if (text === "") throw invalid("Requires 'path' to be set");
  const url = text.replace(/^(https?:\/\/)\[([\d.]+)\]/i, "$1$2");
  if (!URL.canParse(url)) throw invalid(`'path' is no URL: ${JSON.stringify(text)}`);
  return url;
}

/** Returns the fields of an object, without null ones; accepts the list of one object that the HCL parser makes of a block. */
function fieldsOf(plain: unknown): Readonly<Record<string, unknown>> {
  const single: unknown = Array.isArray(plain) && plain.length === 1 ? plain[0] : plain;
  const fields = typeof single === "object" ? { ...single } : {};
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

function textOf(value: unknown, name: string): string {
  if (value === undefined || typeof value === "string") return value ?? "";
  throw invalid(`Expecting ${name} to be a string`);
}

function textsOf(value: unknown, name: string): readonly string[] {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
  if (list.every((item) => typeof item === "string")) return list;
  throw invalid(`Expecting ${name} to be a list of strings`);
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "validation", message);
}
