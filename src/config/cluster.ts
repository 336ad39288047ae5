import { OperatingError } from "../lib/errors.ts";
import type { ClusterConfig, GivenEtcd, RuntimeConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";

const raftMultiplierMax = 10;

/** Builds the settings of a server of a cluster. @throws OperatingError invalid */
export function buildCluster(settings: Settings): ClusterConfig {
  return {
    etcdProgram: settings.optionalText("etcd.program") ?? "etcd",
    givenEtcd: buildGivenEtcd(settings),
    raftMultiplier: raftMultiplierOf(settings),
    rpcHoldMs: settings.number("performance.rpc_hold_timeout"),
  };
}

/**
 * Returns whether a server shares its data with other servers: it waits for others, joins others, or uses an etcd that others run.
 */
export function isOfCluster({
  bootstrap,
  bootstrapExpect,
  cluster,
  devMode,
  server,
  serverRejoin,
}: ServerConfig): boolean {
  if (!server || bootstrap || devMode) return false;
  const joins = serverRejoin.join.length + serverRejoin.retryJoin.length > 0;
  return bootstrapExpect > 1 || joins || cluster.givenEtcd !== undefined;
}

type ServerConfig = Pick<
  RuntimeConfig,
  "bootstrap" | "bootstrapExpect" | "cluster" | "devMode" | "server" | "serverRejoin"
>;

function raftMultiplierOf(settings: Settings): number {
  const path = "performance.raft_multiplier";
  const given = settings.number(path);
  if (given >= 1 && given <= raftMultiplierMax) return given;
  throw invalid(`${path} cannot be ${given}. Must be between 1 and ${raftMultiplierMax}${settings.from(path)}`);
}

function buildGivenEtcd(settings: Settings): GivenEtcd | undefined {
  const endpoints = settings.texts("etcd.endpoints");
  if (endpoints.length === 0) return undefined;
  for (const endpoint of endpoints)
    if (!/^(unix:.+|\[[0-9a-fA-F:]+\]:\d+|[^:/]+:\d+)$/.test(endpoint))
      throw invalid(
        `etcd.endpoints: ${JSON.stringify(endpoint)} is no address of an etcd. Write "10.0.0.5:2379"` +
          settings.from("etcd.endpoints"),
      );
  const [name, password] = [settings.optionalText("etcd.username"), settings.optionalText("etcd.password") ?? ""];
  const [caFile, certFile, keyFile] = ["ca_file", "cert_file", "key_file"].map((file) =>
    settings.optionalText(`etcd.${file}`),
  );
  if (caFile === undefined && (certFile !== undefined || keyFile !== undefined))
    throw invalid(`etcd.cert_file and etcd.key_file need etcd.ca_file${settings.from("etcd.cert_file")}`);
  return {
    endpoints,
    prefix: settings.optionalText("etcd.prefix") ?? "praetor/",
    user: name === undefined ? undefined : { name, password },
    tls: caFile === undefined ? undefined : { caFile, certFile, keyFile },
  };
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-config", message);
}
