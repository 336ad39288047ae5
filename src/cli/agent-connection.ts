import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentAddress, type Environment, parseAgentAddress } from "../client/agent-address.ts";
import { HttpClient } from "../client/http.ts";
import { messageOf } from "../lib/errors.ts";
import { parseBool } from "../lib/go-bool.ts";
import { CommandFailure } from "./command-failure.ts";
import type { CommandFlag, CommandIo } from "./command.ts";
import type { Flags } from "./flags.ts";

/*
 * How a command finds its agent and shows who it is: flags, else variables that begin with PRAETOR_, else Consul's. What Consul's
 * command line does with each of them, and with two together, is recorded in test/conformance/environment.
 */

/** Flags of every command that asks an agent. */
export const connectionFlags: readonly CommandFlag[] = [
  text(
    "http-addr",
    "address",
    "Agent to ask: host:port, http://host:port, https://host:port or unix:///path. Also PRAETOR_HTTP_ADDR or CONSUL_HTTP_ADDR; http://127.0.0.1:8500 unless told.",
  ),
  text("token", "value", "Token sent along. Also CONSUL_HTTP_TOKEN."),
  text(
    "token-file",
    "path",
    "File that the token is read from; it counts before a token that is given. Also CONSUL_HTTP_TOKEN_FILE.",
  ),
  text("ca-file", "path", "Certificates (PEM) that the agent's certificate is verified by. Also CONSUL_CACERT."),
  text("ca-path", "folder", "Folder of such files, read if there is no -ca-file. Also CONSUL_CAPATH."),
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

const defaultAddress = "127.0.0.1:8500";
/** An agent answers at once; this is for one that hangs. */
const defaultTimeoutMs = 15_000;

type ConnectionIo = Pick<CommandIo, "env" | "clock" | "stderr">;

/** What is otherwise for one command. */
export interface ConnectOptions {
  /** Agent that the command's own words name: counts before flags and environment. */
  readonly address?: string | undefined;
  /** Agent to ask when nothing names one; 127.0.0.1:8500 unless given. */
  readonly fallback?: string | undefined;
  /** How long the agent may be silent; 15 s unless given. */
  readonly timeoutMs?: number | undefined;
}

/**
 * The agent that flags and environment name.
 * @throws CommandFailure naming the flag, variable or file that cannot be used
 */
export function connect(flags: Flags, io: ConnectionIo, options: ConnectOptions = {}): HttpClient {
  const setting = settingsOf(flags, io.env);
  const address = options.address ?? (setting("http-addr", "HTTP_ADDR") || (options.fallback ?? defaultAddress));
  const auth = variableOf(io.env, "HTTP_AUTH");
  return connectTo(address, {
    ...{ setting, io, token: tokenOf(setting), timeoutMs: options.timeoutMs ?? defaultTimeoutMs },
    headers: auth === undefined ? {} : { Authorization: basicAuthorization(auth) },
  });
}

/** Another registry, asked with the certificates that flags and environment name. */
export interface Elsewhere {
  readonly address: string;
  /** "" for none; Consul's, or with `bearer` the one that OAuth calls so. */
  readonly token: string;
  readonly bearer?: boolean;
  readonly timeoutMs?: number;
}

/**
 * Sends none of the agent's own secrets there: neither its token nor its password.
 * @throws CommandFailure as connect does
 */
export function connectElsewhere(
  { address, token, bearer = false, timeoutMs = defaultTimeoutMs }: Elsewhere,
  { flags, io }: { readonly flags: Flags; readonly io: ConnectionIo },
): HttpClient {
  const headers = bearer && token !== "" ? { Authorization: `Bearer ${token}` } : {};
  const setting = settingsOf(flags, io.env);
  return connectTo(address, { setting, io, headers, token: bearer ? "" : token, timeoutMs });
}

/** Consul: the parameter that CONSUL_NAMESPACE adds to every request. */
export function namespaceQuery(env: Environment): Readonly<Record<string, string>> {
  const namespace = variableOf(env, "NAMESPACE");
  return namespace === undefined ? {} : { ns: namespace };
}

type Setting = (flag: string, variable: string) => string;

interface ConnectionSettings {
  readonly setting: Setting;
  readonly io: ConnectionIo;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** What is empty counts as not set. */
function settingsOf(flags: Flags, env: Environment): Setting {
  return (flag, variable) => flags.text(flag) || variableOf(env, variable) || "";
}

function variableOf(env: Environment, name: string): string | undefined {
  return env[`PRAETOR_${name}`] || env[`CONSUL_${name}`] || undefined;
}

function connectTo(address: string, { setting, io, token, headers, timeoutMs }: ConnectionSettings): HttpClient {
  const { baseUrl, socket } = addressOf(address, io);
  const tls = tlsOptions(setting, io);
  const transport = { ...(socket !== undefined && { unix: socket }), ...(tls && { tls }) };
  return new HttpClient({ baseUrl, clock: io.clock, token, headers, timeoutMs, transport, env: io.env });
}

function addressOf(address: string, io: ConnectionIo): AgentAddress {
  return attempt("", () => parseAgentAddress(address, { secure: switchOf(io, "HTTP_SSL") ?? false }));
}

/** Consul: a value that is no boolean is complained of and ignored. */
function switchOf({ env, stderr }: ConnectionIo, name: string): boolean | undefined {
  const given = variableOf(env, name);
  const value = given === undefined ? undefined : parseBool(given);
  if (given !== undefined && value === undefined)
    stderr(`could not parse CONSUL_${name}: ${JSON.stringify(given)} is neither true nor false; it is ignored\n`);
  return value;
}

/** RFC 7617; Consul: a name without a colon has an empty password. */
function basicAuthorization(auth: string): string {
  return `Basic ${Buffer.from(auth.includes(":") ? auth : `${auth}:`).toString("base64")}`;
}

/** Consul: the file counts before a token, and must be there; an empty one counts as none. */
function tokenOf(setting: Setting): string {
  const file = setting("token-file", "HTTP_TOKEN_FILE");
  return (file === "" ? "" : readText(file, "-token-file").trim()) || setting("token", "HTTP_TOKEN");
}

/** Consul: files that are named are read and must be good, also for an agent that is asked in plain HTTP. */
function tlsOptions(setting: Setting, io: ConnectionIo): Readonly<Record<string, unknown>> | undefined {
  const authorities = authoritiesOf(setting);
  const serverName = setting("tls-server-name", "TLS_SERVER_NAME");
  const options = {
    ...(authorities.length > 0 && { ca: authorities }),
    ...keyPairOf(setting),
    ...(serverName !== "" && { serverName }),
    ...(switchOf(io, "HTTP_SSL_VERIFY") === false && { rejectUnauthorized: false }),
  };
  return Object.keys(options).length === 0 ? undefined : options;
}

function authoritiesOf(setting: Setting): readonly string[] {
  const file = setting("ca-file", "CACERT");
  if (file !== "") return [readPem(file, "-ca-file", certificatePem)];
  const folder = setting("ca-path", "CAPATH");
  return folder === "" ? [] : filesIn(folder).map((path) => readPem(path, "-ca-path", certificatePem));
}

function keyPairOf(setting: Setting): { readonly cert?: string; readonly key?: string } {
  const [certPath, keyPath] = [setting("client-cert", "CLIENT_CERT"), setting("client-key", "CLIENT_KEY")];
  if (certPath === "" && keyPath === "") return {};
  if (certPath === "" || keyPath === "")
    throw failure("-client-cert, -client-key", "both client cert and client key must be provided");
  const cert = readPem(certPath, "-client-cert", certificatePem);
  const key = readPem(keyPath, "-client-key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/);
  // Loaded here alone: it costs an agent, which is started by this program, too, some MiB.
  const { createPrivateKey, X509Certificate } = process.getBuiltinModule("node:crypto");
  const isPair = attempt("-client-key", () => new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)));
  if (!isPair) throw failure("-client-key", `private key does not match public key in ${certPath}`);
  return { cert, key };
}

const certificatePem = /-----BEGIN CERTIFICATE-----/;

function readPem(path: string, flag: string, block: RegExp): string {
  const pem = readText(path, flag);
  if (!block.test(pem)) throw failure(flag, `failed to find any PEM data of this kind in ${path}`);
  return pem;
}

function filesIn(folder: string): readonly string[] {
  const entries = attempt("-ca-path", () => readdirSync(folder, { recursive: true, withFileTypes: true }));
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

function readText(path: string, flag: string): string {
  return attempt(flag, () => readFileSync(path, "utf8"));
}

function attempt<T>(flag: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw failure(flag, messageOf(error));
  }
}

function failure(flag: string, why: string): CommandFailure {
  return new CommandFailure(`Error connecting to the agent: ${flag === "" ? "" : `${flag}: `}${why}`);
}
