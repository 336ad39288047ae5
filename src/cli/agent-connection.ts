import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { agentUrlFrom, type Environment, socketPathOf } from "../client/agent-address.ts";
import { HttpClient } from "../client/http.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { CommandFailure } from "./command-failure.ts";
import type { CommandFlag } from "./command.ts";
import type { Flags } from "./flags.ts";

/** How every command that asks an agent is told which, and who asks. */
export const connectionFlags: readonly CommandFlag[] = [
  text(
    "http-addr",
    "address",
    "Agent to ask: host:port, http://host:port, https://host:port or unix:///path. Also PRAETOR_HTTP_ADDR or CONSUL_HTTP_ADDR; http://127.0.0.1:8500 unless told.",
  ),
  text("token", "value", "Token sent along. Also CONSUL_HTTP_TOKEN."),
  text("token-file", "path", "File that the token is read from. Also CONSUL_HTTP_TOKEN_FILE."),
  text("ca-file", "path", "Certificates (PEM) that the agent's certificate is verified by. Also CONSUL_CACERT."),
  text("ca-path", "folder", "Folder of such files. Also CONSUL_CAPATH."),
  text("client-cert", "path", "Certificate (PEM) to show to the agent. Also CONSUL_CLIENT_CERT."),
  text("client-key", "path", "Its private key (PEM). Also CONSUL_CLIENT_KEY."),
  text("tls-server-name", "name", "Name that the agent's certificate is to have. Also CONSUL_TLS_SERVER_NAME."),
];

/** Of commands that ask the catalog and the like, of which there may be several copies. */
export const serverFlags: readonly CommandFlag[] = [
  text("datacenter", "name", "Datacenter to ask; the agent's own unless told."),
  { name: "stale", kind: "bool", value: "", help: "Any server may answer from what it knows." },
];

function text(name: string, value: string, help: string): CommandFlag {
  return { name, kind: "text", value, help };
}

const defaultUrl = "http://127.0.0.1:8500";
/** Answers of an agent come at once; this is for one that hangs. */
const timeoutMs = 60_000;

/**
 * The agent that flags and environment name. Each variable may also begin with PRAETOR_, which wins.
 * @throws CommandFailure naming the flag, variable or file that cannot be used
 */
export function connect(flags: Flags, env: Environment, clock: Clock): HttpClient {
  const setting = settingsOf(flags, env);
  return connectTo(setting("http-addr", "HTTP_ADDR"), { setting, env, clock, token: tokenOf(setting) });
}

/** Who else there is to be asked, with the certificates that flags and environment name. */
export interface Elsewhere {
  readonly address: string;
  /** "" for none; Consul's, or with `bearer` the one that OAuth calls so. */
  readonly token: string;
  readonly bearer?: boolean;
}

/** @throws CommandFailure as connect does */
export function connectElsewhere(
  { address, token, bearer = false }: Elsewhere,
  { flags, env, clock }: { readonly flags: Flags; readonly env: Environment; readonly clock: Clock },
): HttpClient {
  const setting = settingsOf(flags, env);
  const headers = bearer && token !== "" ? { Authorization: `Bearer ${token}` } : {};
  return connectTo(address, { setting, env, clock, headers, token: bearer ? "" : token });
}

interface ConnectOptions {
  readonly setting: Setting;
  readonly env: Environment;
  readonly clock: Clock;
  readonly token: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function settingsOf(flags: Flags, env: Environment): Setting {
  return (flag, variable) => flags.text(flag) || variableOf(env, variable) || "";
}

function connectTo(address: string, { setting, env, clock, token, headers = {} }: ConnectOptions): HttpClient {
  const socket = socketPathOf(address);
  const tls = tlsOptions(setting, env);
  const transport = { ...(socket !== undefined && { unix: socket }), ...(tls && { tls }) };
  const baseUrl = socket === undefined ? urlOf(address, env) : "http://localhost";
  return new HttpClient({ baseUrl, clock, token, headers, timeoutMs, transport });
}

type Setting = (flag: string, variable: string) => string;

function urlOf(address: string, env: Environment): string {
  const secure = variableOf(env, "HTTP_SSL") ?? "";
  try {
    return agentUrlFrom({ PRAETOR_HTTP_ADDR: address, CONSUL_HTTP_SSL: secure }) ?? defaultUrl;
  } catch (error) {
    throw new CommandFailure(messageOf(error));
  }
}

function tokenOf(setting: Setting): string {
  const file = setting("token-file", "HTTP_TOKEN_FILE");
  const token = setting("token", "HTTP_TOKEN");
  return token === "" && file !== "" ? readText(file, "-token-file").trim() : token;
}

function tlsOptions(setting: Setting, env: Environment): Readonly<Record<string, unknown>> | undefined {
  const caFile = setting("ca-file", "CACERT");
  const caFolder = setting("ca-path", "CAPATH");
  const cert = setting("client-cert", "CLIENT_CERT");
  const key = setting("client-key", "CLIENT_KEY");
  const serverName = setting("tls-server-name", "TLS_SERVER_NAME");
  const verify = variableOf(env, "HTTP_SSL_VERIFY");
  const authorities = [
    ...(caFile === "" ? [] : [readText(caFile, "-ca-file")]),
    ...(caFolder === "" ? [] : readFolder(caFolder)),
  ];
  const options = {
    ...(authorities.length > 0 && { ca: authorities }),
    ...(cert !== "" && { cert: readText(cert, "-client-cert") }),
    ...(key !== "" && { key: readText(key, "-client-key") }),
    ...(serverName !== "" && { serverName }),
    ...(verify === "false" && { rejectUnauthorized: false }),
  };
  return Object.keys(options).length === 0 ? undefined : options;
}

/** By its name with PRAETOR_, else with CONSUL_; what is empty counts as not set. */
function variableOf(env: Environment, name: string): string | undefined {
  return env[`PRAETOR_${name}`] || env[`CONSUL_${name}`] || undefined;
}

function readFolder(path: string): readonly string[] {
  return attempt(`-ca-path`, () => readdirSync(path)).map((name) => readText(join(path, name), "-ca-path"));
}

function readText(path: string, flag: string): string {
  return attempt(flag, () => readFileSync(path, "utf8"));
}

function attempt<T>(flag: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CommandFailure(`Error connecting to the agent: ${flag}: ${messageOf(error)}`);
  }
}
