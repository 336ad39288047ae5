import { sleep } from "../../../../src/lib/clock.ts";
import type { KvTrialJson } from "../../../../src/wire/kv-trial.ts";
import type { FakeRandom } from "../../fake-random.ts";
import { LineBroken, type LineRequest } from "../../linearizability/line.ts";
import type { Part, Peace } from "../part.ts";
import { requireDone } from "../simulated-line.ts";
import type { NetworkAnswer } from "../simulated-network.ts";
import type { SimulatedProcess } from "../simulated-process.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const client = "192.0.2.82";
const folder = "trials/";
/** A service of another node, whose check and whose other service only this part changes. */
const service = "tried";
const other = "steady";
const allPass = "the changes of a trial are there together, or none is";
/** Maximum time from the end of a stage's time until the decision, while the disk is in order, in milliseconds. */
const decidedMsMax = 5_000;
/** Maximum time until a trial of an earlier start is undone, while the disk is in order: another attempt comes after a second. */
const undoneMsMax = 1_500;

/**
 * Returns a part with a client that puts keys on trial, keeps some, takes others back, and lets the watched service fail. Each trial
 * sets three keys of its own.
 */
export function trials(world: SimulatedPlatform): Part {
  const { clock, network } = world;
  const random = world.newRandom();
  const stages = new PendingStages(world);
  let turn = 0;
  const send = async (request: LineRequest): Promise<NetworkAnswer> => requireDone(await network.send(client, request));
  const act = async (): Promise<void> => {
    const chance = random.uniform();
    if (chance < 0.2) await send(health(random.uniform() < 0.6 ? "passing" : "critical"));
    else if (chance < 0.4) await endOne(send, random);
    else await send(start(++turn, random));
  };
  return {
    async prepare(peace) {
      await peace.send(registration({ Service: { Service: other } }));
      await peace.send(health("passing"));
    },
    async run({ trouble }) {
      while (!trouble.aborted) {
        await sleep(clock, random.uniform() * 3_000, trouble);
        try {
          if (!trouble.aborted) await act();
        } catch (error) {
          if (!(error instanceof LineBroken)) throw error;
        }
      }
    },
    look: (process) => stages.look(process),
    lookAtState: () => expectWhole(world),
    conclude: (peace) => expectUndone(world, peace, ++turn),
  };
}

function health(Status: "passing" | "critical"): LineRequest {
  const Check = { CheckID: "tried", Name: "tried", ServiceID: service, Status };
  return registration({ Service: { Service: service }, Check });
}

function registration(parts: object): LineRequest {
  const body = JSON.stringify({ Node: "elsewhere", Address: "192.0.2.83", ...parts });
  return { method: "PUT", path: "/v1/catalog/register", body };
}

function start(turn: number, random: FakeRandom): LineRequest {
  const [seconds, Staged, Confirm] = [random.uniform() ** 2 * 20 + 0.1, random.uniform() < 0.4, random.uniform() < 0.3];
  const Changes = [service, other, "none"].map((part) => ({ Key: `${folder}${turn}/${part}`, Value: btoa("x") }));
  const For = `${seconds.toFixed(3)}s`;
  const body = JSON.stringify({ Changes, Services: [other, service], For, Staged, Confirm });
  return { method: "PUT", path: "/v1/praetor/kv-trial", body };
}

async function endOne(send: (request: LineRequest) => Promise<NetworkAnswer>, random: FakeRandom): Promise<void> {
  const { status, body } = await send({ method: "GET", path: "/v1/praetor/kv-trials" });
  const pending = status === 200 ? pendingIn(body) : [];
  const { ID } = pending.at(Math.floor(random.uniform() * pending.length)) ?? {};
  const wish = random.uniform() < 0.5 ? "confirm" : "undo";
  if (ID !== undefined) await send({ method: "PUT", path: `/v1/praetor/kv-trial-${wish}/${ID}` });
}

function pendingIn(body: string): readonly KvTrialJson[] {
  return (JSON.parse(body) as readonly KvTrialJson[]).filter(({ Outcome }) => Outcome === "pending");
}

/** Expects that the keys are there exactly as the record of each trial says. */
async function expectWhole(world: SimulatedPlatform): Promise<void> {
  const listed = await world.peek(`/v1/kv/${folder}?keys`);
  const keys = new Set(listed.status === 404 ? [] : (JSON.parse(listed.body) as readonly string[]));
  for (const { ID, Outcome, Stage, Keys } of await world.peekJson<readonly KvTrialJson[]>("/v1/praetor/kv-trials"))
    for (const { Key, Stage: of } of Keys) {
      const isWanted = Outcome !== "undone" && of <= Stage;
      const broken = `${Key} is ${isWanted ? "missing" : "there"}, and ${ID} is ${Outcome} in stage ${Stage}`;
      world.findings.expect(allPass, keys.has(Key) === isWanted ? undefined : broken);
    }
}

interface SeenStage {
  readonly sinceMs: number;
  /** The process of the agent that began the stage. */
  readonly process: SimulatedProcess;
}

/** Tracks since when, and in which process of the agent, each stage of a pending trial has been on trial. */
class PendingStages {
  readonly #world: SimulatedPlatform;
  #seen: ReadonlyMap<string, SeenStage> = new Map();

  constructor(world: SimulatedPlatform) {
    this.#world = world;
  }

  async look(process: SimulatedProcess): Promise<void> {
    const { clock, disk, findings } = this.#world;
    const nowMs = clock.monotonicMs();
    const { body } = await this.#world.peek("/v1/praetor/kv-trials");
    const seen = new Map<string, SeenStage>();
    for (const { ID, Stage, StageMs } of pendingIn(body)) {
      const known = this.#seen.get(`${ID} ${Stage}`) ?? { sinceMs: nowMs, process };
      seen.set(`${ID} ${Stage}`, known);
      const [triedMs, isKept] = [nowMs - known.sinceMs, known.process === process];
      if (disk.wellForMs > undoneMsMax)
        findings.expect("a start undoes what was on trial before it", isKept ? undefined : ID);
      if (disk.wellForMs < decidedMsMax) continue;
      const isLate = triedMs > StageMs + decidedMsMax;
      findings.expect("no trial outlasts its time", isLate ? `${ID}, after ${triedMs} ms` : undefined);
    }
    this.#seen = seen;
  }
}

/** Expects that a trial is undone at once when its service turns critical, and that none is pending afterwards. */
async function expectUndone(world: SimulatedPlatform, peace: Peace, turn: number): Promise<void> {
  // A fault of the disk may have lost the first one.
  await peace.send(registration({ Service: { Service: other } }));
  await peace.send(health("passing"));
  const { body } = await peace.send(start(turn, world.newRandom()));
  const { ID } = JSON.parse(body) as KvTrialJson;
  await peace.send(health("critical"));
  await peace.pass(1_000);
  const { Outcome } = await world.peekJson<KvTrialJson>(`/v1/praetor/kv-trial/${ID}`);
  world.findings.expect("a failing service undoes a trial at once", Outcome === "undone" ? undefined : Outcome);
  await expectWhole(world);
  await peace.pass(30_000);
  const left = pendingIn((await world.peek("/v1/praetor/kv-trials")).body).length;
  world.findings.expect("no trial stays pending", left === 0 ? undefined : `${left} are`);
}
