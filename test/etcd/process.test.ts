import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type EtcdCluster, openEtcd, skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { type EtcdPlace, openEtcdPlace } from "../support/etcd-place.ts";
import { FakeRandom } from "../support/fake-random.ts";
import { patienceMs } from "../support/patience.ts";
import { rejectionOf } from "../support/rejection.ts";
import { rowsAfter, trialBatch } from "../support/trial-batch.ts";
import { OperatingError } from "../../src/lib/errors.ts";
import type { Row } from "../../src/engine/engine.ts";
import { readable } from "../../src/engine/engine.suite.ts";
import type { Leader, Position } from "../../src/engine/replicated-engine.ts";
import { Mirror } from "../../src/engine/replicated-engine.suite.ts";
import type { EtcdEngine } from "../../src/engine/etcd/etcd-engine.ts";

const program = join(import.meta.dir, "../support/etcd-leader.ts");
const electionMs = 1_000;

/** A lease that lasts longer than any test, in milliseconds. */
const longLeaseMs = 86_400_000;
/** The name of the server that `program` runs. */
const leaderName = "program";

/** Flags for an etcd with a short election timeout. */
const fast = ["--heartbeat-interval=50", "--election-timeout=500"];

/**
 * Commits trial batches through whichever of the servers leads, until `count` are acknowledged. Calls `committed` after each.
 * Expects that a refused batch is not in the log, and that the newest acknowledged batch is its last.
 */
async function commitThrough(
  servers: readonly EtcdEngine[],
  count: number,
  committed: (position: Position) => unknown,
) {
  let position = 0;
  const signal = new AbortController().signal;
  let at = 0;
  while (position < count) {
    const server = servers[at++ % servers.length] ?? expect.unreachable();
    const term = await server.campaign(signal);
    try {
      while (position < count) {
        await term.commit(trialBatch(position + 1));
        position += 1;
        await committed(position);
      }
    } catch (error) {
      if (!(error instanceof OperatingError && error.code === "leadership-lost")) throw error;
    }
    await term.close();
    expect(await answered(() => server.newest())).toBe(position);
  }
}

/** Returns the answer; asks again if etcd does not answer because of an election. */
async function answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof OperatingError && error.code === "etcd-unreachable")) throw error;
    }
  }
}

function sorted(rows: readonly Row[]): readonly string[] {
  return readable(rows).toSorted();
}

/** Returns the positions that a mirror received, which must be in order. */
function positionsOf(mirror: Mirror): readonly Position[] {
  return mirror.seen.map(([position]) => position);
}

describe.skipIf(withoutEtcd !== undefined)(`commits while etcd is killed and stopped${skippedWithoutEtcd}`, () => {
  test("keep each acknowledged batch, and no refused one, with a single member of etcd", async () => {
    await using etcd = await openEtcd(1, ...fast);
    const place = openEtcdPlace(etcd);
    const [one, two] = [await place.open("one", { electionMs }), await place.open("two", { electionMs })];
    const mirror = await Mirror.start(two);
    const [member = expect.unreachable()] = etcd.members;
    const random = new FakeRandom(7);
    let fault = Promise.resolve();
    await commitThrough([one, two], 240, (position) => {
      if (position % 40 !== 0) return;
      // The fault begins during one of the next commits.
      fault = fault.then(async () => {
        await Bun.sleep(random.uniform() * 5);
        if (position % 80 === 0) {
          await member.kill();
          member.start();
        } else {
          member.stop();
          await Bun.sleep(electionMs * random.uniform() * 3);
          member.resume();
        }
      });
    });
    await fault;
    await mirror.reaches(240);
    const { rows, position } = await answered(() => one.load());
    expect(position).toBe(240);
    expect(sorted(rows)).toEqual(sorted(rowsAfter(240)));
    expect(mirror.rows).toEqual(readable(rows));
    await closeAll(place, one, two);
  });

  test("reach each of three servers exactly once, with a member of etcd for each", async () => {
    await using etcd = await openEtcd(3, ...fast);
    const place = openEtcdPlace(etcd);
    const servers = await Promise.all(etcd.members.map((_, n) => openBeside(place, etcd, n)));
    const mirrors = await Promise.all(servers.map((server) => Mirror.start(server)));
    const random = new FakeRandom(11);
    let fault = Promise.resolve();
    const batches = 300;
    await commitThrough(servers, batches, (position) => {
      if (position % 50 !== 0) return;
      fault = fault.then(() => failLeader(etcd, random));
    });
    await fault;
    await Promise.all(mirrors.map((mirror) => mirror.reaches(batches)));
    const loaded = await Promise.all(servers.map((server) => answered(() => server.load())));
    for (const [n, { rows, position }] of loaded.entries()) {
      expect(position).toBe(batches);
      expect(sorted(rows)).toEqual(sorted(rowsAfter(batches)));
      expect(mirrors[n]?.rows).toEqual(readable(rows));
      const seen = mirrors[n] ? positionsOf(mirrors[n]) : [];
      expect(seen).toEqual(Array.from({ length: batches }, (_, at) => at + 1));
    }
    await closeAll(place, ...servers);
  });
});

describe.skipIf(withoutEtcd !== undefined)(`a leader whose process fails${skippedWithoutEtcd}`, () => {
  test.each(["SIGKILL", "SIGSTOP"] as const)(
    "by %s is followed, after its lease, by a leader with all its acknowledged batches, and commits nothing later",
    async (signal) => {
      await using etcd = await openEtcd(1, ...fast);
      const place = openEtcdPlace(etcd);
      // The program keeps its lease until it is stopped, also while it waits for a processor.
      const leaseMs = Math.ceil(patienceMs(2_000));
      const words = [process.execPath, program, etcd.endpoints[0] ?? "", place.prefix, String(leaseMs)];
      const leader = Bun.spawn(words, { stdout: "pipe", stderr: "inherit" });
      const output = readLines(leader.stdout);
      await output.reaches(30);
      const two = await place.open("two", { electionMs });
      leader.kill(signal);
      const term = await two.campaign(new AbortController().signal);
      const taken = await answered(() => two.newest());
      expect(taken).toBeGreaterThanOrEqual(Math.max(...output.numbers()));
      await term.commit(trialBatch(taken + 1));
      leader.kill("SIGCONT");
      await output.ended;
      await leader.exited;
      // The program may print one more batch after SIGCONT, whose answer waited in the socket. That batch was committed in its
      // term.
      expect(Math.max(...output.numbers())).toBeLessThanOrEqual(taken);
      if (signal === "SIGSTOP") expect(output.lines.at(-1)).toBe("leadership-lost");
      const { rows, position } = await answered(() => two.load());
      expect(position).toBe(taken + 1);
      expect(sorted(rows)).toEqual(sorted(rowsAfter(taken + 1)));
      await closeAll(place, two);
    },
  );

  test("and that another server deposes is replaced by that server before its lease ends", async () => {
    await using etcd = await openEtcd(1, ...fast);
    const place = openEtcdPlace(etcd);
    const one = await place.open("one", { electionMs: longLeaseMs });
    const first = await one.campaign(new AbortController().signal);
    const two = await place.open("two", { electionMs });
    const leader = Promise.withResolvers<number>();
    two.onLeader((each) => {
      if (each) leader.resolve(each.term);
    });
    await two.depose(await leader.promise);
    const second = await two.campaign(new AbortController().signal);
    expect(second.number).toBeGreaterThan(first.number);
    await closeAll(place, one, two);
  });

  test("and that starts again leads again before its lease ends", async () => {
    await using etcd = await openEtcd(1, ...fast);
    const place = openEtcdPlace(etcd);
    const words = [process.execPath, program, etcd.endpoints[0] ?? "", place.prefix, String(longLeaseMs)];
    const leader = Bun.spawn(words, { stdout: "pipe", stderr: "inherit" });
    const output = readLines(leader.stdout);
    await output.reaches(3);
    leader.kill("SIGKILL");
    await leader.exited;
    const other = await place.open("other", { electionMs });
    const lost = (await leaderOf(other)).term;
    const again = await place.open(leaderName, { electionMs });
    const term = await again.campaign(new AbortController().signal);
    expect(term.number).toBeGreaterThan(lost);
    // The next start of the other one does not depose the server that leads.
    const next = await place.open("other", { electionMs });
    expect(await leaderOf(next)).toEqual({ name: leaderName, term: term.number });
    await term.ping();
    await closeAll(place, other, again, next);
  });
});

describe.skipIf(withoutEtcd !== undefined)(`while etcd does not answer${skippedWithoutEtcd}`, () => {
  test("a leader ends its term, and leads again as soon as etcd answers", async () => {
    await using etcd = await openEtcd(1, ...fast);
    const place = openEtcdPlace(etcd);
    const [member = expect.unreachable()] = etcd.members;
    const one = await place.open("one", { electionMs: longLeaseMs });
    const first = await one.campaign(new AbortController().signal);
    await member.kill();
    await first.close();
    member.start();
    const second = await one.campaign(new AbortController().signal);
    expect(second.number).toBeGreaterThan(first.number);
    await closeAll(place, one);
  });

  test("a server deposes another one as soon as etcd answers", async () => {
    await using etcd = await openEtcd(1, ...fast);
    const place = openEtcdPlace(etcd);
    const [member = expect.unreachable()] = etcd.members;
    const one = await place.open("one", { electionMs: longLeaseMs });
    const first = await one.campaign(new AbortController().signal);
    const two = await place.open("two", { electionMs });
    await leaderOf(two);
    await member.kill();
    const deposing = two.depose(first.number);
    // A read gives up after some tries.
    expect(await rejectionOf(two.load())).toMatchObject({ code: "etcd-unreachable" });
    member.start();
    await deposing;
    await first.ended;
    await closeAll(place, one, two);
  });
});

/** Resolves with the leader that a server sees first. */
function leaderOf(server: EtcdEngine): Promise<Leader> {
  return new Promise((resolve) => server.onLeader((leader) => leader && resolve(leader)));
}

/** Opens the server whose first endpoint is one member of etcd. It uses the other members when that one fails. */
function openBeside(place: EtcdPlace, { endpoints }: EtcdCluster, n: number): Promise<EtcdEngine> {
  const own = [...endpoints.slice(n), ...endpoints.slice(0, n)];
  return place.open(`server ${n}`, { endpoints: own, electionMs });
}

/** Kills the leader among etcd's members and starts it again, or suspends it until the other members have elected another. */
async function failLeader(etcd: EtcdCluster, random: FakeRandom): Promise<void> {
  const status = await Promise.all(etcd.members.map(({ endpoint }) => etcd.statusOf(endpoint)));
  const member = etcd.members[status.findIndex((each) => each?.isLeader)] ?? etcd.members[0] ?? expect.unreachable();
  if (random.uniform() < 0.5) {
    await member.kill();
    member.start();
  } else {
    member.stop();
    await Bun.sleep(electionMs * (1 + random.uniform()));
    member.resume();
  }
}

async function closeAll(place: EtcdPlace, ...servers: readonly EtcdEngine[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
  place.remove();
}

/** Collects the lines of a program's output. */
function readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const lines: string[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] =
    [];
  const ended = (async () => {
    let rest = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      const complete = (rest + part).split("\n");
      rest = complete.pop() ?? "";
      lines.push(...complete);
      for (const each of waiting) if (lines.length >= each.count) each.resolve();
    }
    for (const each of waiting) each.reject(new Error(`the program has ended: ${lines.join(", ")}`));
  })();
  return {
    lines,
    ended,
    numbers: () => lines.map(Number).filter((number) => number > 0),
    /** Resolves when there are `count` lines. Rejects when the program ends before. */
    reaches: (count: number) => new Promise<void>((resolve, reject) => void waiting.push({ count, resolve, reject })),
  };
}
