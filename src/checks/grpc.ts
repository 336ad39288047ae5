import type * as GrpcModule from "@grpc/grpc-js";
import type { ChannelCredentials, ChannelOptions, Client, ServiceError, VerifyOptions } from "@grpc/grpc-js";
import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext, type SecureVersion } from "node:tls";
import { messageOf } from "../lib/errors.ts";
import type { CheckMethod } from "../model/check.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { type CheckTls, sharedTlsOptions } from "./check-tls.ts";
import { startDeadline, type DeadlineOptions } from "../lib/deadline.ts";
import { decodeHealthStatus, encodeHealthRequest, healthCheckPath, serving } from "./grpc-health.ts";
import { dialFailureText, grpcFailureText } from "./go-grpc-error-text.ts";
import { formatHostPort, type HostPort, parseHostPort } from "./host-port.ts";
import { limitReportedOutput } from "./limit-output.ts";
import { isAddress, lookUp } from "./look-up.ts";
import { dialErrorText } from "./go-error-text.ts";
import { runPeriodically, type PeriodicOptions } from "./periodic.ts";

export type GrpcMethod = Extract<CheckMethod, { kind: "grpc" }>;
export type GrpcCheckOptions = PeriodicOptions & { readonly outputBytesMax: number };

/** The package @grpc/grpc-js. It is loaded when the first gRPC check runs, since it takes memory. */
type Grpc = typeof GrpcModule;

const timeoutMsDefault = 10_000;

/** Starts a check that asks a gRPC server, by grpc.health.v1, whether the server or one of its services is serving. */
export function startGrpcCheck(method: GrpcMethod, options: GrpcCheckOptions): CheckRunner {
  const timeoutMs = method.timeoutMs || timeoutMsDefault;
  const { clock } = options.platform;
  return runPeriodically(async (signal) => {
    const agentTls = options.platform.agentTls?.();
    const result = await checkGrpc({ method, agentTls }, { clock, timeoutMs, signal });
    return { status: result.status, output: limitReportedOutput(result.output, options.outputBytesMax) };
  }, options);
}

async function checkGrpc(credentials: Credentials, options: DeadlineOptions): Promise<CheckResult> {
  const { method } = credentials;
  const { address, service } = splitTarget(method.target);
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => {}); // after the run no code awaits it
  const deadline = startDeadline(options, () =>
    late.reject(new Error("rpc error: code = DeadlineExceeded desc = context deadline exceeded")),
  );
  try {
    const server = await serverAt(address, late.promise);
    const status = await askHealth(
      openClient(await import("@grpc/grpc-js"), server, credentials),
      service,
      late.promise,
    );
    if (status === serving) return { status: "passing", output: `gRPC check ${method.target}: success` };
    return { status: "critical", output: "gRPC application didn't report service healthy" };
  } catch (thrown) {
    return { status: "critical", output: messageOf(thrown) };
  } finally {
    deadline.clear();
  }
}

/**
 * Returns the server's address in a form that @grpc/grpc-js cannot misread: it would take "127.1" and "0x7f.1" for IP
 * addresses, and host names like "dns" and "unix" for URL schemes.
 * @throws Error with Consul's text when the server cannot be dialled
 */
async function serverAt(address: string, late: Promise<never>): Promise<HostPort> {
  const { host, port } = parseAddress(address);
  const lookedUp = lookUp(host).catch((error: unknown): never => {
    throw new Error(dialFailureText(dialErrorText(error, { host, port })));
  });
  const [first = host] = await Promise.race([lookedUp, late]);
  const isName = !isAddress(host) && /[^\d.]/.test(host);
  return { host: isName ? host : first, port };
}

function parseAddress(address: string): HostPort {
  try {
    return parseHostPort(address);
  } catch (thrown) {
    throw new Error(dialFailureText(`dial tcp: ${messageOf(thrown)}`), { cause: thrown });
  }
}

/** Splits "host:port/a/b" into the address and the service "a/b"; without a slash the service is "", the whole server. */
function splitTarget(target: string): { readonly address: string; readonly service: string } {
  const slash = target.indexOf("/");
  if (slash === -1) return { address: target, service: "" };
  return { address: target.slice(0, slash), service: target.slice(slash + 1) };
}

/** Opens a client for one run. A connection kept from an earlier run would not show that the server refuses new ones. */
function openClient(grpc: Grpc, server: HostPort, options: Credentials): Client {
  const credentials = credentialsOf(grpc, server.host, options);
  return new grpc.Client(`dns:${formatHostPort(server)}`, credentials, channelOptions(server.host, options));
}

interface Credentials {
  readonly method: GrpcMethod;
  /** The agent's TLS; undefined if checks do not use it. */
  readonly agentTls: CheckTls | undefined;
}

function credentialsOf(grpc: Grpc, host: string, { method, agentTls }: Credentials): ChannelCredentials {
  if (!method.useTls) return grpc.credentials.createInsecure();
  const verification: VerifyOptions = {
    rejectUnauthorized: !method.tlsSkipVerify,
    checkServerIdentity: (_name, certificate) => checkServerIdentity(agentTls?.serverName ?? host, certificate),
  };
  if (!agentTls) return grpc.credentials.createSsl(null, null, null, verification);
  const minVersion = versionNames.get(agentTls.minVersion);
  const context = createSecureContext({ ...sharedTlsOptions(agentTls), ...(minVersion && { minVersion }) });
  return grpc.credentials.createFromSecureContext(context, verification);
}

/** The names of TLS versions in node:tls, by their numbers in the protocol. */
const versionNames: ReadonlyMap<number | undefined, SecureVersion> = new Map([
  [0x0301, "TLSv1"],
  [0x0302, "TLSv1.1"],
  [0x0303, "TLSv1.2"],
  [0x0304, "TLSv1.3"],
]);

function channelOptions(host: string, { method, agentTls }: Credentials): ChannelOptions {
  // Bun refuses an IP address as SNI, so the client sends a fixed name. checkServerIdentity verifies the address.
  const sentName = agentTls?.serverName ?? (isIP(host) === 0 ? undefined : "localhost");
  return {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_http_proxy": 0,
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1, // no TXT look-up before each run
    ...(method.useTls && sentName !== undefined ? { "grpc.ssl_target_name_override": sentName } : {}),
  };
}

/** Calls Health/Check. @throws Error with Consul's text when the call fails, or the error with which `late` rejects */
async function askHealth(client: Client, service: string, late: Promise<never>): Promise<number> {
  const answered = Promise.withResolvers<number>();
  const call = client.makeUnaryRequest(
    healthCheckPath,
    encodeHealthRequest,
    decodeHealthStatus,
    service,
    (error: ServiceError | null, status = 0) =>
      error ? answered.reject(new Error(grpcFailureText(error))) : answered.resolve(status),
  );
  try {
    return await Promise.race([answered.promise, late]);
  } finally {
    call.cancel();
    client.close();
  }
}
