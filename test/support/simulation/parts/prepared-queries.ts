import { sleep } from "../../../../src/lib/clock.ts";
import { LineBroken, type LineRequest } from "../../linearizability/line.ts";
import { Owned } from "../owned.ts";
import type { Part } from "../part.ts";
import { requireDone } from "../simulated-line.ts";
import type { NetworkAnswer } from "../simulated-network.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const client = "192.0.2.60";
const absent = "absent";

/** Returns a part that runs a client which defines, updates and deletes a prepared query. */
export function preparedQueries(world: SimulatedPlatform): Part {
  if (world.plan.restores) return {};
  const { clock, network, findings } = world;
  const random = world.newRandom();
  const owned = new Owned(findings, "a prepared query is as it was defined", absent);
  let id: string | undefined;
  let turn = 0;
  const send = async (value: string, request: LineRequest): Promise<NetworkAnswer | undefined> => {
    const { done, refused } = owned.write(value);
    try {
      const answer = requireDone(await network.send(client, request));
      if (answer.status === 200) done();
      else refused();
      return answer;
    } catch (error) {
      if (!(error instanceof LineBroken)) throw error;
      if (!error.wasSent) refused();
      return undefined;
    }
  };
  const act = async (): Promise<void> => {
    const service = `wanted-${++turn}`;
    const body = JSON.stringify({ Name: "mine", Service: { Service: service } });
    if (id === undefined) {
      const answer = await send(service, { method: "POST", path: "/v1/query", body });
      if (answer?.status === 200) ({ ID: id } = JSON.parse(answer.body) as { readonly ID: string });
      else id = await find(world);
    } else if (random.uniform() < 0.7) await send(service, { method: "PUT", path: `/v1/query/${id}`, body });
    else if ((await send(absent, { method: "DELETE", path: `/v1/query/${id}` }))?.status === 200) id = undefined;
  };
  return {
    async run({ trouble }) {
      while (!trouble.aborted) {
        await sleep(clock, random.uniform() * 8_000, trouble);
        if (!trouble.aborted) await act();
      }
    },
    async lookAtState() {
      owned.see(shown(await queries(world)), "the query");
    },
  };
}

interface QueryShown {
  readonly ID: string;
  readonly Name: string;
  readonly Service: { readonly Service: string };
}

async function queries(world: SimulatedPlatform): Promise<readonly QueryShown[]> {
  return world.peekJson("/v1/query");
}

/** Returns the id of the prepared query, for a client that did not receive the answer with the id; undefined without a query. */
async function find(world: SimulatedPlatform): Promise<string | undefined> {
  return world.process && (await queries(world)).find(({ Name }) => Name === "mine")?.ID;
}

function shown(all: readonly QueryShown[]): string {
  return all.find(({ Name }) => Name === "mine")?.Service.Service ?? absent;
}
