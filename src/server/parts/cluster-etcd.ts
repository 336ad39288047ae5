import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FormationEtcd } from "../../cluster/formation/own-member.ts";
import { type Formation, openFormation } from "../../cluster/formation/formation.ts";
import type { ServerAddress } from "../../cluster/join-call.ts";
import { clientSocket } from "../../cluster/own-etcd/etcd-flags.ts";
import { type EtcdProgram, findEtcd } from "../../cluster/own-etcd/etcd-program.ts";
import { openOwnEtcd, type OwnEtcd } from "../../cluster/own-etcd/own-etcd.ts";
import type { ServerLinks } from "../../cluster/server-links.ts";
import type { GivenEtcd, RuntimeConfig } from "../../config/runtime-config.ts";
import { type EtcdAccess, EtcdClient } from "../../engine/etcd/etcd-client.ts";
import { EtcdMembership } from "../../engine/etcd/etcd-membership.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { ListenOptions } from "../../link/listen.ts";
import type { LinkListener } from "../../link/socket.ts";
import type { LocalRow, LocalRows } from "../../registry/local-rows.ts";
import type { Beginning } from "../../registry/loaded-state.ts";
import type { State } from "../../state/state.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Platform } from "../platform.ts";
import type { AgentTls } from "./agent-tls.ts";
import { explainPortFailure, type LinkPort, listening } from "./links.ts";

/** The folder of the own etcd in the data folder. */
export const etcdFolder = "etcd";

interface OpenParts {
  readonly platform: Platform;
  readonly log: Log;
  readonly own: ServerAddress;
  readonly port: LinkPort;
  readonly tls: AgentTls;
  readonly links: ServerLinks;
  /** Writes rows to this server's own file. */
  readonly ownRows: LocalRows;
  readonly local: readonly LocalRow[];
  /** The data that this server had when it was alone; undefined if it had none. */
  readonly loneState: State | undefined;
  readonly onFailed: () => void;
}

/** The etcd that the servers of a cluster share, as one of them uses it. */
export interface ClusterEtcd {
  readonly access: EtcdAccess;
  readonly prefix: string | undefined;
  /** The version of the etcd that this server starts; undefined with an etcd that others run. */
  readonly version: string | undefined;
  /** Resolves when etcd can be reached. */
  readonly ready: Promise<void>;
  /** Resolves with how a new cluster begins. */
  readonly beginning: Promise<Beginning>;
  /** How the servers agree on the members of their own etcd; undefined with an etcd that others run. */
  readonly formation: Formation | undefined;
  /** Opens the server's port. @throws OperatingError unavailable when it is taken */
  open(parts: Lifecycle, options: OpenParts): Promise<void>;
}

/** @throws OperatingError when a certificate cannot be read, or no usable etcd is installed */
export async function findClusterEtcd(config: RuntimeConfig): Promise<ClusterEtcd> {
  const { givenEtcd, etcdProgram } = config.cluster;
  return givenEtcd ? new SharedEtcd(config, givenEtcd) : new OwnEtcdOfServer(config, await findEtcd(etcdProgram));
}

/** An etcd that others run. */
class SharedEtcd implements ClusterEtcd {
  readonly access: EtcdAccess;
  readonly prefix: string;
  readonly version = undefined;
  readonly ready = Promise.resolve();
  readonly beginning = Promise.resolve({ state: undefined, isElsewhere: false });
  readonly formation = undefined;
  readonly #config: RuntimeConfig;

  constructor(config: RuntimeConfig, given: GivenEtcd) {
    this.#config = config;
    this.access = accessOf(given);
    this.prefix = given.prefix;
  }

  async open(parts: Lifecycle, { platform, port, tls, loneState }: OpenParts): Promise<void> {
    if (loneState) throw hasLoneData(this.#config);
    const open = (options: ListenOptions): LinkListener => {
      try {
        return platform.listenForLinks(options);
      } catch (error) {
        throw cannotListen(this.#config, error);
      }
    };
    parts.add(listening(port, tls, open));
  }
}

/** The etcd that this server starts and looks after, which is a member of that of the other servers. */
class OwnEtcdOfServer implements ClusterEtcd {
  readonly access: EtcdAccess;
  readonly prefix = undefined;
  readonly version: string;
  formation: Formation | undefined;
  readonly #config: RuntimeConfig;
  readonly #program: EtcdProgram;
  readonly #folder: string;
  readonly #ready = Promise.withResolvers<void>();
  readonly #beginning = Promise.withResolvers<Beginning>();

  constructor(config: RuntimeConfig, program: EtcdProgram) {
    this.#config = config;
    this.#program = program;
    this.version = program.version.join(".");
    this.#folder = join(config.dataDir ?? "", etcdFolder);
    this.access = { endpoints: [`unix:${join(this.#folder, clientSocket)}`] };
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get beginning(): Promise<Beginning> {
    return this.#beginning.promise;
  }

  async open(parts: Lifecycle, options: OpenParts): Promise<void> {
    const { platform, local, links, loneState, log, own, ownRows, port, tls } = options;
    const { clock, random } = platform;
    const etcd = await this.#openPort(options);
    parts.add({ close: () => etcd.stop() });
    parts.add({ stop: () => port.close() });
    parts.add({ stop: tls.followLinks(async () => etcd.secure((await port.secured()).security)) });
    const client = new EtcdClient(this.access, { clock, log: log.named("etcd") });
    parts.add({ close: () => client.close() });
    this.formation = await openFormation({
      ...{ own, links, localRows: ownRows, local, etcd, program: this.#program, clock, random },
      expect: this.#config.bootstrapExpect,
      hasLoneData: loneState !== undefined,
      members: new EtcdMembership(client),
      raftMultiplier: this.#config.cluster.raftMultiplier,
      log: log.named("server"),
    });
    const { formation } = this;
    parts.add({ stop: () => formation.stop() });
    void formation.formed.then(({ isFounder, hasOtherFounder }) => {
      this.#beginning.resolve({ state: isFounder ? loneState : undefined, isElsewhere: hasOtherFounder });
      this.#ready.resolve();
    });
  }

  async #openPort({
    platform,
    log,
    onFailed,
    own,
    port,
  }: OpenParts): Promise<FormationEtcd & Pick<OwnEtcd, "secure" | "stop">> {
    try {
      return await openOwnEtcd({
        ...port.options,
        ...{ folder: this.#folder, id: own.id, clock: platform.clock, log: log.named("etcd") },
        onHealth: (health) => this.formation?.health(health),
        onFailure(reason) {
          log.error("The thread of the server's port has stopped; the agent ends", { reason });
          onFailed();
        },
      });
    } catch (error) {
      throw cannotListen(this.#config, error);
    }
  }
}

function hasLoneData({ dataDir }: RuntimeConfig): OperatingError {
  const message =
    `the data folder ${dataDir} has data of the time when this server was alone, which do not go into the etcd of etcd.endpoints by ` +
    "themselves. Start the server alone, as before, and take a backup: praetor snapshot save FILE. Then start it on an empty folder " +
    "with etcd.endpoints, and restore: praetor snapshot restore FILE";
  return new OperatingError("invalid", "lone-data", message);
}

function cannotListen(config: RuntimeConfig, error: unknown): OperatingError {
  return new OperatingError("unavailable", "cannot-listen", explainPortFailure(config, error));
}

/** @throws OperatingError invalid when a certificate cannot be read */
function accessOf({ endpoints, tls, user }: GivenEtcd): EtcdAccess {
  return {
    endpoints,
    ...(tls && {
      tls: {
        ca: readPem(tls.caFile),
        ...(tls.certFile !== undefined && { cert: readPem(tls.certFile) }),
        ...(tls.keyFile !== undefined && { key: readPem(tls.keyFile) }),
      },
    }),
    ...(user && { user }),
  };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new OperatingError("invalid", "etcd-certificate", `cannot read the file ${path}: ${messageOf(error)}`);
  }
}
