import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentAddress, type Environment, parseAgentAddress } from "../client/agent-address.ts";
import { HttpClient } from "../client/http.ts";
import { originHeaders } from "../client/origin-header.ts";
import type { ToldOrigin } from "../model/value-origin.ts";
import { messageOf } from "../lib/errors.ts";
import { parseBool } from "../lib/go-bool.ts";
import { CommandFailure } from "./command-failure.ts";
import type { CommandFlag, CommandIo } from "./command.ts";
import type { Flags } from "./flags.ts";

/*
 * Connects a command to its agent. For each setting, a flag takes precedence over the PRAETOR_ environment variable, which takes
 * precedence over the CONSUL_ one. test/conformance/environment records what Consul's command line does with each flag and
 * variable, and with every pair of them.
 */

/** Flags of every command that sends requests to an agent. */
export const connectionFlags: readonly CommandFlag[] = [
  text(
    "http-addr",
    "address",
    "Address of the agent: host:port, http://host:port, https://host:port or unix:///path. Also PRAETOR_HTTP_ADDR or CONSUL_HTTP_ADDR; default: http://127.0.0.1:8500.",
  ),
  text("token", "value", "Token to send. Also CONSUL_HTTP_TOKEN."),
  text("token-file", "path", "File with the token; takes precedence over -token. Also CONSUL_HTTP_TOKEN_FILE."),
  text("ca-file", "path", "CA certificates (PEM) that verify the agent's certificate. Also CONSUL_CACERT."),
  text("ca-path", "folder", "Folder of CA certificates, ignored if -ca-file is given. Also CONSUL_CAPATH."),
  text("client-cert", "path", "Client certificate (PEM). Also CONSUL_CLIENT_CERT."),
  text("client-key", "path", "Private key (PEM) of the client certificate. Also CONSUL_CLIENT_KEY."),
  text("tls-server-name", "name", "Name that the agent's certificate must be for. Also CONSUL_TLS_SERVER_NAME."),
];

/** Flags of the commands whose requests servers answer: which datacenter, and whether stale data is allowed. */
export const serverFlags: readonly CommandFlag[] = [
  text("datacenter", "name", "Datacenter to query; default: the agent's own."),
  { name: "stale", kind: "bool", value: "", help: "Let any server answer, possibly with stale data." },
];

function text(name: string, value: string, help: string): CommandFlag {
  return { name, kind: "text", value, help };
}

const defaultAddress = "127.0.0.1:8500";
/** Default time to wait for an agent's answer, in milliseconds. */
const defaultTimeoutMs = 15_000;

type ConnectionIo = Pick<CommandIo, "env" | "clock" | "stderr">;

/** Connection settings that a command chooses itself. */
export interface ConnectOptions {
  /** The agent that the command's arguments name; takes precedence over flags and environment. */
  readonly address?: string | undefined;
  /** The agent to use if neither flags nor environment name an agent; default: 127.0.0.1:8500. */
  readonly fallback?: string | undefined;
  /** Time to wait for the agent's answer, in milliseconds; default: 15 s. */
  readonly timeoutMs?: number | undefined;
  /** The token to send in place of the one that flags and environment name. */
  readonly token?: string | undefined;
  /** Where the values come from that the command writes; default: the operator. */
  readonly origin?: ToldOrigin | undefined;
}

/**
 * Returns a client of the agent that flags and environment name.
 * @throws CommandFailure naming the invalid flag, variable or file
 */
export function connect(flags: Flags, io: ConnectionIo, options: ConnectOptions = {}): HttpClient {
  const setting = settingsOf(flags, io.env);
  const address = options.address ?? (setting("http-addr", "HTTP_ADDR") || (options.fallback ?? defaultAddress));
  const auth = variableOf(io.env, "HTTP_AUTH");
  return connectTo(address, {
    ...{ setting, io, token: options.token ?? tokenOf(setting), timeoutMs: options.timeoutMs ?? defaultTimeoutMs },
    headers: {
      ...originHeaders(options.origin ?? "operator"),
      ...(auth !== undefined && { Authorization: basicAuthorization(auth) }),
    },
  });
}

/** A server other than the command's agent: the source of an import, or Kong. */
export interface OtherServer {
  readonly address: string;
  /** The token to send; "" for none. */
  readonly token: string;
  /** Whether to send the token as `Authorization: Bearer`, not as X-Consul-Token. */
  readonly bearer?: boolean;
  readonly timeoutMs?: number;
}

/**
 * Returns a client of another server, with the certificates that flags and environment name but without the agent's token and
 * password.
 * @throws CommandFailure naming the invalid flag, variable or file
 */
export function connectToOther(
  { address, token, bearer = false, timeoutMs = defaultTimeoutMs }: OtherServer,
  { flags, io }: { readonly flags: Flags; readonly io: ConnectionIo },
): HttpClient {
  const headers = bearer && token !== "" ? { Authorization: `Bearer ${token}` } : {};
  const setting = settingsOf(flags, io.env);
  return connectTo(address, { setting, io, headers, token: bearer ? "" : token, timeoutMs });
}

/**
 * Returns the query parameter `ns` with the namespace that the flag -namespace, of commands that have it, or the environment
 * names, else no parameter. Consul: adds it to every request.
 */
export function namespaceQuery(flags: Flags, env: Environment): Readonly<Record<string, string>> {
  const namespace = settingsOf(flags, env)("namespace", "NAMESPACE");
  return namespace === "" ? {} : { ns: namespace };
}

type Setting = (flag: string, variable: string) => string;

interface ConnectionSettings {
  readonly setting: Setting;
  readonly io: ConnectionIo;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Returns a function that looks up a flag, else its environment variable; an empty value counts as not set. */
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

/** Reads a boolean environment variable. Consul: warns about a value that is not a boolean, and ignores it. */
function switchOf({ env, stderr }: ConnectionIo, name: string): boolean | undefined {
  const given = variableOf(env, name);
  const value = given === undefined ? undefined : parseBool(given);
  if (given !== undefined && value === undefined)
    stderr(`could not parse CONSUL_${name}: ${JSON.stringify(given)} is neither true nor false; it is ignored\n`);
  return value;
}

/** Encodes the header of basic authorization (RFC 7617). Consul: a name without a colon has an empty password. */
function basicAuthorization(auth: string): string {
  return `Basic ${Buffer.from(auth.includes(":") ? auth : `${auth}:`).toString("base64")}`;
}

/**
 * Returns the token that flags and environment name; "" for none. Consul: a token file takes precedence over a token, and must
 * exist; an empty file counts as no token.
 */
function tokenOf(setting: Setting): string {
  const file = setting("token-file", "HTTP_TOKEN_FILE");
  return (file === "" ? "" : readText(file, "-token-file").trim()) || setting("token", "HTTP_TOKEN");
}

/**
 * Returns the TLS options that flags and environment set, or undefined if they set none. Consul: reads and checks the certificate
 * files even if the agent is reached over plain HTTP.
 */
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
  // Loads node:crypto only here: it would cost the agent, which the same program runs, some MiB of memory.
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
