import { sleep } from "../../../../src/lib/clock.ts";
import type { KvVersionJson } from "../../../../src/wire/kv-history.ts";
import { LineBroken, type LineRequest } from "../../linearizability/line.ts";
import type { Part } from "../part.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const client = "192.0.2.84";
const folder = "past/";
const keys = ["a", "b/c", "d"].map((name) => folder + name);
const isExact = "a read of the past finds each kept version at its index";

/** The fields of a key's entry that are compared. */
interface Pair {
  readonly Key: string;
  readonly Value: string | null;
  readonly ModifyIndex: number;
}

/** Returns a part with a client that writes and deletes keys, and rolls all of them back to one of their kept versions. */
export function past(world: SimulatedPlatform): Part {
  if (!world.plan.rollsBack) return {};
  const { clock, network } = world;
  const random = world.newRandom();
  const chosen = <Each>(list: readonly Each[]): Each | undefined => list.at(Math.floor(random.uniform() * list.length));
  let turn = 0;
  const nextRequest = async (): Promise<LineRequest> => {
    const path = `/v1/kv/${chosen(keys)}`;
    const chance = random.uniform();
    if (chance < 0.2) return { method: "DELETE", path };
    if (chance < 0.7) return { method: "PUT", path, body: `${(turn += 1)}` };
    const { status, body } = await network.send(client, {
      method: "GET",
      path: `/v1/praetor/kv-history/${folder}?recurse`,
    });
    const to = status === 200 ? chosen(JSON.parse(body) as readonly KvVersionJson[])?.Index : undefined;
    return { method: "PUT", path: `/v1/praetor/kv-rollback/${folder}?recurse&to=${to ?? 0}` };
  };
  return {
    async run({ trouble }) {
      while (!trouble.aborted) {
        await sleep(clock, random.uniform() * 3_000, trouble);
        try {
          if (!trouble.aborted) await network.send(client, await nextRequest());
        } catch (error) {
          if (!(error instanceof LineBroken)) throw error;
        }
      }
    },
    lookAtState: async () => {
      await expectPast(world, chosen(keys) ?? folder);
    },
  };
}

/** Expects of a key that its newest version is its present value, and that a read at the index of each version finds that version. */
async function expectPast(world: SimulatedPlatform, key: string): Promise<void> {
  const history = await world.peek(`/v1/praetor/kv-history/${key}`);
  if (history.status !== 200) return;
  const versions = JSON.parse(history.body) as readonly KvVersionJson[];
  const present = await pairAt(world, `/v1/kv/${key}`);
  const [newest] = versions;
  const isNewest = newest && isSame(newest, present);
  world.findings.expect("the newest version of a key is its value", isNewest ? undefined : `${key}: ${history.body}`);
  for (const version of versions.slice(0, 4)) {
    const at = version.ModifyIndex ?? version.Index;
    const then = await pairAt(world, `/v1/praetor/kv/${key}?at=${at}`);
    if (then === "unknown") continue;
    const found = `${key} at ${at} is ${JSON.stringify(then)}, and its history has ${JSON.stringify(version)}`;
    world.findings.expect(isExact, isSame(version, then) ? undefined : found);
  }
}

/** Returns the entry that a read finds; undefined if the key did not exist, "unknown" if the past of that index is not kept. */
async function pairAt(world: SimulatedPlatform, path: string): Promise<Pair | "unknown" | undefined> {
  const { status, body } = await world.peek(path);
  if (status === 410) return "unknown";
  return status === 404 ? undefined : (JSON.parse(body) as readonly Pair[])[0];
}

function isSame({ Operation, Value, ModifyIndex }: KvVersionJson, pair: Pair | "unknown" | undefined): boolean {
  if (Operation !== "set") return pair === undefined;
  return typeof pair === "object" && pair.Value === Value && pair.ModifyIndex === ModifyIndex;
}
