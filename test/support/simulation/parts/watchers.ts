import type { FakeRandom } from "../../fake-random.ts";
import type { Part, Peace } from "../part.ts";
import { busyQuestions, forgottenQuestions, quietQuestions } from "../questions.ts";
import type { Held } from "../simulated-network.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";
import { Watcher } from "../watcher.ts";

const heldAtATime = 5;

/** Returns a part that runs clients which send blocking queries of every kind. */
export function watchers(world: SimulatedPlatform): Part {
  const { clock, network, findings, plan } = world;
  // A restored snapshot wakes all watchers, so no query is quiet then.
  const quiet = plan.restores ? [] : quietQuestions;
  const random = world.newRandom();
  const asked = shuffled([...busyQuestions, ...forgottenQuestions, ...quiet], random).slice(0, plan.watchers);
  const all = asked.map((question, at) => {
    const [isQuiet, isForgotten] = [quiet.includes(question), forgottenQuestions.includes(question)];
    return new Watcher({ clock, network, findings, question, isQuiet, isForgotten, client: `203.0.113.${at}` });
  });
  let looks = 0;
  return {
    prepare,
    run: async ({ clients }) => void (await Promise.all(all.map((watcher) => watcher.run(clients)))),
    async lookAtState() {
      looks += 1;
      for (const held of some([...network.held], looks)) await expectNothingMissed(world, held);
    },
    async conclude() {
      for (const watcher of all) await expectNewest(world, watcher);
    },
  };
}

async function prepare({ put }: Peace): Promise<void> {
  await put("/v1/kv/quiet/key", "x");
  await put("/v1/catalog/register", { Node: "quiet", Address: "192.0.2.8", Service: { Service: "quiet" } });
}

function shuffled(questions: readonly string[], random: FakeRandom): readonly string[] {
  const keyed = questions.map((question) => ({ question, at: random.uniform() }));
  return keyed.toSorted((a, b) => a.at - b.at).map(({ question }) => question);
}

/**
 * Returns a few of the pending queries, others in each inspection, so that successive inspections cover all of them. A query that
 * a change did not wake stays pending, and a later inspection finds it.
 * @param look the number of the inspection
 */
function some(all: readonly Held[], look: number): readonly Held[] {
  const first = (look * heldAtATime) % Math.max(all.length, 1);
  return [...all, ...all].slice(first, first + Math.min(heldAtATime, all.length));
}

/** Expects that a pending query has the newest index. A lower index means that a change did not wake the query. */
async function expectNothingMissed(world: SimulatedPlatform, { request: { path } }: Held): Promise<void> {
  const asked = /^(.*)[?&]index=(\d+)&wait=\w+$/.exec(path);
  if (!asked || path.includes("/v1/coordinate") || path.includes("/v1/event")) return;
  const [, question = "", index] = asked;
  const answer = await world.peek(question);
  const broken = answer.index > Number(index) ? `${question} is at ${answer.index}, held at ${index}` : undefined;
  world.findings.expect("each change wakes its watchers", broken);
}

async function expectNewest(world: SimulatedPlatform, { options, body, index }: Watcher): Promise<void> {
  const { question, isForgotten } = options;
  if (isForgotten) return;
  const now = await world.peek(question);
  const isSame = withoutOutputs(now.body) === withoutOutputs(body) && now.index === index;
  const broken = isSame ? undefined : `${question} saw ${index} ${body}, now ${now.index} ${now.body}`;
  world.findings.expect("a watcher has the last value", broken);
}

/** Removes the outputs of checks. A new output raises no index, so a watcher may have an older output than the agent. */
function withoutOutputs(body: string): string {
  return body.replaceAll(/"Output":"(?:[^"\\]|\\.)*"/g, "");
}
