import { forEachAtOnce } from "./at-once.ts";
import type { Contender } from "./contender.ts";
import { until } from "./until.ts";

/** Sends each body with a PUT request to `path`, several at a time. @throws Error unless every answer has status 200 */
export function putAll(contender: Contender, path: string, bodies: readonly object[]): Promise<void> {
  return forEachAtOnce(bodies, (body) => contender.put(path, body));
}

/**
 * Repeats a request until the answer has `count` entries, so that no benchmark row measures errors or partial answers: Consul's
 * catalog lags behind registrations with the agent.
 * @throws Error when the answer does not have the entries within 10 s, or its status is not 200
 */
export async function expectEntries(contender: Contender, path: string, count: number): Promise<void> {
  let found = 0;
  try {
    await until("the answer is whole", { withinMs: 10_000, everyMs: 100 }, async () => {
      found = entriesOf(await contender.get(path));
      return found === count;
    });
  } catch (error) {
    throw new Error(`${contender.name}: GET ${path} has ${found} entries, not ${count}`, { cause: error });
  }
}

/**
 * Checks that an answer contains a text, such as the last value written.
 * @throws Error unless the status is 200 and the body contains the text
 */
export async function expectText(contender: Contender, path: string, text: string): Promise<void> {
  const answer = await contender.get(path);
  if (!answer.includes(text)) throw new Error(`${contender.name}: GET ${path} does not have ${text}: ${answer}`);
}

/**
 * Returns the number of elements of a JSON list, or of names in a JSON object.
 * @throws Error when the text is neither
 */
export function entriesOf(text: string): number {
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== "object" || answer === null) throw new Error(`neither a list nor an object: ${text}`);
  return Object.keys(answer).length;
}
