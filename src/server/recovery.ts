import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { isInCluster, recoveryRows, savedState } from "../cluster/formation/saved-formation.ts";
import { decodeServers, type ServerAddress } from "../cluster/join-call.ts";
import { dataFolder } from "../cluster/own-etcd/etcd-flags.ts";
import { findEtcd } from "../cluster/own-etcd/etcd-program.ts";
import { readSurvivor } from "../cluster/own-etcd/survivor.ts";
import type { Engine, Row, RowChange } from "../engine/engine.ts";
import { openEtcdEngine } from "../engine/etcd/etcd-engine.ts";
import { storeFileName } from "../engine/sqlite/row-file.ts";
import { openSqliteEngine } from "../engine/sqlite/sqlite-engine.ts";
import { type Clock, sleep } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { openState } from "../state/open-state.ts";
import { storeTables } from "../state/rows.ts";
import { etcdFolder } from "./parts/cluster-etcd.ts";
import { serversKey } from "./parts/cluster.ts";
import { nodeIdKey } from "./parts/node.ts";

/** A server of a cluster of which most servers are lost for good, and its newest data. */
export interface Recovery {
  /** The other voters: each with its name and address, as far as this server knows them. */
  readonly others: readonly string[];
  /** The index of the newest write that this server has. */
  readonly index: number;
  readonly keys: number;
  readonly nodes: number;
  readonly sessions: number;
  /** Lets the next start begin a cluster of this server alone, with these data. Does all or nothing. */
  carryOut(): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds in which a server that runs accepts a connection. */
const answerMsMax = 2_000;

/**
 * Opens the data folder of a server whose agent does not run, and reads its newest data. Changes nothing.
 * @throws OperatingError when this is no server of a cluster, its agent or another server runs, or its data cannot be read
 */
export async function openRecovery(folder: string, clock: Clock): Promise<Recovery> {
  const file = join(folder, storeFileName);
  if (!existsSync(file)) throw refused(`no agent has its data in ${folder}`);
  const { uid } = statSync(file);
  // Files of another user would keep the agent from starting.
  if (process.getuid?.() !== uid) throw refused(`run this as the user of the agent, who has the id ${uid}`);
  const { engine, rows, revision } = await openSqliteEngine({ folder });
  try {
    return await recoveryOf({ folder, engine, rows, revision, clock });
  } catch (error) {
    await engine.close();
    throw error;
  }
}

interface OpenedFolder {
  readonly folder: string;
  readonly engine: Engine;
  readonly rows: readonly Row[];
  readonly revision: number;
  readonly clock: Clock;
}

async function recoveryOf({ folder, engine, rows, revision, clock }: OpenedFolder): Promise<Recovery> {
  const local = rows.filter(({ table }) => table === storeTables.local);
  const valueOf = (key: string): Uint8Array | undefined => local.find((row) => row.key === key)?.value;
  const { membership, known, givenUp } = savedState(local);
  const id = new TextDecoder().decode(valueOf(nodeIdKey));
  if (membership && givenUp.length > 0 && !isInCluster(local))
    throw refused(`the server in ${folder} was recovered already: start it`);
  if (!membership)
    throw refused(
      `${folder} is not the folder of a server of a cluster with an etcd of its own. A server that stood alone starts with its data, and ` +
        "a client agent has none",
    );
  if (membership.stage !== "member" || !existsSync(join(folder, etcdFolder, dataFolder)))
    throw refused(
      `the server in ${folder} was not taken into its cluster yet, or has lost its data. Use another server`,
    );
  const others = [...new Map([...decodeServers(valueOf(serversKey)), ...known].map((each) => [each.id, each])).values()]
    .filter((each) => each.id !== id)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  await expectNoAnswer(others, clock);
  const survivor = {
    ...{ program: await findEtcd(), folder: resolve(folder, etcdFolder), id, clock },
    others: others.map((each) => each.id),
  };
  const loaded = await readSurvivor(survivor, async (endpoint, voters) => ({
    ...(await load(endpoint, { id, clock })),
    voters,
  }));
  const { state } = openState(loaded.rows, loaded.revision);
  return {
    others: loaded.voters.filter((voter) => voter !== id).map((voter) => described(voter, others)),
    ...{ index: loaded.revision, keys: state.kv.size, nodes: state.nodes.size, sessions: state.sessions.size },
    async carryOut() {
      const begins = { id, token: systemRandom.uuid(), attempt: systemRandom.uuid() };
      const changed = [...recoveryRows(local, begins), { key: serversKey, value: undefined }];
      await engine.commit({
        revision: Math.max(revision, loaded.revision),
        changes: [
          ...replaced(rows, loaded.rows),
          ...changed.map(({ key, value }) => ({ table: storeTables.local, key, value })),
        ],
      });
    },
    close: () => engine.close(),
  };
}

function described(id: string, servers: readonly ServerAddress[]): string {
  const server = servers.find((each) => each.id === id);
  return server ? `${server.name} at ${server.address}:${server.port}` : id;
}

/** Connects to all other servers. @throws OperatingError if one accepts: it may have data, and most servers may be there */
async function expectNoAnswer(others: readonly ServerAddress[], clock: Clock): Promise<void> {
  const accepted = await Promise.all(others.map((other) => isListening(other, clock)));
  const [alive] = others.filter((_, at) => accepted[at]);
  if (!alive) return;
  throw refused(
    `a program answers at ${alive.address}:${alive.port}, the address of the server ${alive.name}. If it is that server, repair the ` +
      "cluster with it, or stop it if it is lost with its data. If it is a new server, start it when this one is recovered",
  );
}

async function isListening({ address, port }: ServerAddress, clock: Clock): Promise<boolean> {
  const ending = new AbortController();
  const connecting = Bun.connect({ hostname: address, port, socket: { data() {} } }).then(
    (socket) => {
      socket.end();
      return true;
    },
    () => false,
  );
  const isAccepted = await Promise.race([connecting, sleep(clock, answerMsMax, ending.signal).then(() => false)]);
  ending.abort();
  return isAccepted;
}

async function load(
  endpoint: string,
  { id, clock }: { readonly id: string; readonly clock: Clock },
): Promise<{ readonly rows: readonly Row[]; readonly revision: number }> {
  const log = createLog({ level: "error", json: false, sink: () => {}, clock }, "recover");
  const engine = openEtcdEngine({ endpoints: [endpoint], name: id, log, clock });
  try {
    return await engine.load();
  } finally {
    await engine.close();
  }
}

/** Returns the changes that put the rows of a cluster in the place of those of the time when the server was alone. */
function replaced(old: readonly Row[], now: readonly Row[]): readonly RowChange[] {
  const isShared = ({ table }: Row): boolean => table !== storeTables.local && table !== storeTables.origins;
  const shared = now.filter(isShared);
  const names = new Set(shared.map(({ table, key }) => JSON.stringify([table, key])));
  const gone = old.filter((row) => isShared(row) && !names.has(JSON.stringify([row.table, row.key])));
  return [...gone.map(({ table, key }) => ({ table, key, value: undefined })), ...shared];
}

function refused(why: string): OperatingError {
  return new OperatingError("invalid", "recovery-refused", `${why}. Nothing was changed`);
}
