import type { FakeRandom } from "../fake-random.ts";
import type { LineAnswer, LineRequest } from "../linearizability/line.ts";
import type { Mutation } from "./mutation.ts";

interface Mutating {
  readonly mutation: Mutation;
  readonly random: FakeRandom;
}

/** Returns whether an agent with this fault would still hold the request instead of answering it. */
export function isForgottenWake(
  { method, path }: LineRequest,
  { body }: LineAnswer,
  { mutation, random }: Mutating,
): boolean {
  if (mutation === "a wake-up is forgotten") return path.includes("index=") && random.uniform() < 0.1;
  return (
    mutation === "a write waits for as long as the disk hangs" && method === "PUT" && /the disk has not/.test(body)
  );
}

/** Returns the answer that an agent with this fault gives instead of `answer`. */
export function mutateAnswer<Answer extends LineAnswer>(
  { path }: LineRequest,
  answer: Answer,
  { mutation, random }: Mutating,
): Answer {
  const isRefusal =
    mutation === "a lock has two holders" && path.includes("?acquire=") && answer.body.startsWith("false");
  return isRefusal && random.uniform() < 0.5 ? { ...answer, body: "true" } : answer;
}
