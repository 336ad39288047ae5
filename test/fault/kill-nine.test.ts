import { afterAll, beforeAll, expect, test } from "bun:test";
import { atLength } from "../support/at-length.ts";
import { exchange } from "../support/exchange.ts";
import { FakeRandom } from "../support/fake-random.ts";
import { type KeeperTarget, startKeeperTarget } from "../support/keeper.ts";
import { Ledger } from "../support/ledger.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import {
  agentServices,
  casKeys,
  catalogNodes,
  keeperRegistrations,
  lockedKeys,
  plainKeys,
  type Send,
  syncedServices,
  type ThingSort,
} from "../support/rewritten-things.ts";
import { within } from "../support/within.ts";

const cycles = atLength({ short: 50, long: 1_000 });
const clientsOfASort = 3;
const thingsOfAClient = 4;
const sorts = [plainKeys, casKeys, lockedKeys(), agentServices, catalogNodes, keeperRegistrations];
const clients = sorts.length * clientsOfASort;

const random = new FakeRandom(Number(process.env["SEED"] ?? 1));
const ledgers = new Map(sorts.map((sort) => [sort, new Ledger()]));
const newestIndex = new Map<string, number>();
const backwards: string[] = [];
let keeper: KeeperTarget;

beforeAll(async () => {
  keeper = await startKeeperTarget();
});

afterAll(() => keeper.target.stop());

/** Sends a request and returns its answer. Records a violation if the index is lower than in an earlier answer to it. */
const send: Send = async (method, path, more) => {
  const answer = await exchange(path.startsWith("/api/") ? keeper.url : keeper.target.url, method, { path, ...more });
  if (method === "GET" && !Number.isNaN(answer.index)) {
    const seen = newestIndex.get(path) ?? 0;
    if (answer.index < seen) backwards.push(`${path}: ${answer.index} after ${seen}`);
    newestIndex.set(path, Math.max(answer.index, seen));
  }
  return answer;
};

/** Rewrites keys, services or nodes of one client, one write at a time and in random order, until the agent is killed. */
async function rewriteUntilKilled(sort: ThingSort, client: number, isKilled: () => boolean): Promise<void> {
  const ledger = ledgerOf(sort);
  for (;;) {
    const thing = `${sort.sort}-${client}-${Math.floor(random.uniform() * thingsOfAClient)}`;
    const generation = ledger.attempt(thing);
    try {
      const answer = await sort.write(send, thing, generation);
      if (answer.status >= 300) throw new Error(`${thing}: ${answer.status} ${answer.text}`);
      ledger.acknowledge(thing);
    } catch (error) {
      if (isKilled()) return;
      throw error;
    }
  }
}

function ledgerOf(sort: ThingSort): Ledger {
  const ledger = ledgers.get(sort);
  if (ledger === undefined) throw new Error(`no ledger for ${sort.sort}`);
  return ledger;
}

/** Maximum number of acknowledged writes before a kill: about as many as a quiet machine makes in a tenth of a second. */
const writesMax = 150;

function acknowledgements(): number {
  return sorts.reduce((sum, sort) => sum + ledgerOf(sort).acknowledgements, 0);
}

/** Kills the agent while all clients write, and starts it again on the same folder. */
async function writeAndKill(): Promise<void> {
  let killed = false;
  const rewriting = sorts.flatMap((sort) =>
    Array.from({ length: clientsOfASort }, (_, client) => rewriteUntilKilled(sort, client, () => killed)),
  );
  const allStopped = Promise.all(rewriting);
  const enough = acknowledgements() + random.uniform() * writesMax;
  while (acknowledgements() < enough) await Promise.race([allStopped, Bun.sleep(random.uniform() * 10)]);
  killed = true;
  await keeper.target.restart("SIGKILL");
  await within(5_000, () => keeper.ask("GET /ping"));
  await allStopped;
}

test(`an agent killed ${cycles} times under ${clients} clients has each acknowledged write whole and no lower index`, async () => {
  for (let cycle = 0; cycle < cycles; cycle++) {
    tellProgress(() => `${cycle} of ${cycles} kills`);
    await writeAndKill();
    for (const sort of sorts) {
      expect(ledgerOf(sort).settle(await sort.read(send))).toEqual([]);
      expect(backwards).toEqual([]);
    }
    await within(5_000, async () =>
      expect(sorted(await syncedServices.read(send))).toEqual(sorted(await agentServices.read(send))),
    );
  }
  for (const sort of sorts) expect(ledgerOf(sort).acknowledgements).toBeGreaterThan(cycles);
  tellFigures(`${cycles} kills, ${acknowledgements()} acknowledged writes`);
});

function sorted(things: ReadonlyMap<string, unknown>): readonly (readonly [string, unknown])[] {
  return [...things].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
