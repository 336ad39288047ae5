import { sleep } from "../../../../src/lib/clock.ts";
import { LineBroken, type LineRequest } from "../../linearizability/line.ts";
import { Owned } from "../owned.ts";
import type { Part } from "../part.ts";
import { requireDone } from "../simulated-line.ts";
import type { NetworkAnswer } from "../simulated-network.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const client = "192.0.2.80";
const absent = "absent";
/** The key that this part writes. It is below edgex/, so the message bus publishes its changes. */
const pairKey = "edgex/pair/key";

interface Saved {
  readonly archive: string;
  readonly turn: string;
}

/** Returns a part with a client that writes a key and a node in one transaction, saves snapshots and restores them. */
export function restores(world: SimulatedPlatform): Part {
  if (!world.plan.restores) return {};
  const { clock, network, findings } = world;
  const random = world.newRandom();
  const owned = new Owned(findings, "the state is the one before a restore or the snapshot's, never a mix", absent);
  const saved: Saved[] = [];
  let turn = 0;
  const send = async (request: LineRequest): Promise<NetworkAnswer> => requireDone(await network.send(client, request));
  const write = async (value: string, request: LineRequest): Promise<void> => {
    const { done, refused, lingers } = owned.write(value);
    try {
      if ((await send(request)).status === 200) done();
      else refused();
    } catch (error) {
      const isKnown = error instanceof LineBroken && !error.wasSent;
      if (isKnown) refused();
      else if (request.path === "/v1/snapshot") lingers();
      throw error;
    }
  };
  const act = async (): Promise<void> => {
    const chance = random.uniform();
    const known = saved.at(Math.floor(random.uniform() * saved.length));
    if (chance < 0.2) {
      // Only this client changes its data, so the snapshot contains the values that it wrote last.
      const settled = owned.known;
      const { body } = await send({ method: "GET", path: "/v1/snapshot" });
      if (settled !== undefined) saved.push({ archive: body, turn: settled });
    } else if (chance < 0.35 && known) {
      await write(known.turn, { method: "PUT", path: "/v1/snapshot", body: known.archive });
    } else await write(String(++turn), { method: "PUT", path: "/v1/txn", body: pairOf(turn) });
  };
  return {
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
    lookAtState: async () => owned.see(await shown(world), "the pair"),
  };
}

function pairOf(turn: number): string {
  const Value = Buffer.from(String(turn)).toString("base64");
  return JSON.stringify([
    { KV: { Verb: "set", Key: pairKey, Value } },
    { Node: { Verb: "set", Node: { Node: "pair", Address: "192.0.2.81", Meta: { turn: String(turn) } } } },
  ]);
}

async function shown(world: SimulatedPlatform): Promise<string> {
  const key = await world.peek(`/v1/kv/${pairKey}?raw`);
  const node = await world.peekJson<{ readonly Node?: { readonly Meta: { readonly turn: string } } } | null>(
    "/v1/catalog/node/pair",
  );
  const parts = [key.status === 404 ? absent : key.body, node?.Node?.Meta.turn ?? absent];
  return parts[0] === parts[1] ? (parts[0] ?? absent) : `a mix of ${parts.join(" and ")}`;
}
