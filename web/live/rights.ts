import { effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import { returns } from "./feed.ts";
import { type Need, textOfNeed } from "./need.ts";
import { api } from "./place.ts";
import { ask } from "./request.ts";
import { token } from "./session.ts";

/*
 * The rights of the token, as far as the screens ask for them. Each is asked for once per token, all that are new together. The page
 * only hides and disables by them: the agent refuses by itself.
 */

const known = signal<ReadonlyMap<string, boolean>>(new Map());
const guardedNow = signal(false);
let queued = new Map<string, Need>();
let asked = new Set<string>();

/** Whether the agent has access control, as far as it is known. */
export const isGuarded: ReadonlySignal<boolean> = guardedNow;

/** Returns whether the token has a right; undefined until the agent has said so, and without access control. */
export function may(need: Need): boolean | undefined {
  const name = textOfNeed(need);
  if (!asked.has(name)) {
    asked.add(name);
    if (queued.size === 0) setTimeout(() => void askQueued(), 0);
    queued.set(name, need);
  }
  return known.value.get(name);
}

/** Asks anew when the token changes, and when the agent is back. The page calls it once. */
export function startRights(): void {
  effect(() => {
    void [token.value, returns.value];
    asked = new Set();
    queued = new Map();
    known.value = new Map();
    untracked(() => may({ resource: "acl", access: "write" }));
  });
}

/** Maximum number of questions in one request. */
const questionsMax = 64;

async function askQueued(): Promise<void> {
  const needs = [...queued].slice(0, questionsMax);
  queued = new Map([...queued].slice(questionsMax));
  if (queued.size > 0) setTimeout(() => void askQueued(), 0);
  const secret = token.peek();
  const outcome = await ask({
    ...{ api: api.href, path: "v1/internal/acl/authorize", token: secret, method: "POST" },
    body: JSON.stringify(needs.map(([, { resource, access, segment = "" }]) => questionOf(resource, access, segment))),
  });
  if (secret !== token.peek()) return;
  // Without access control the answer is 401.
  guardedNow.value = "answer" in outcome || outcome.failure.text.includes("ACL not found");
  if (!("answer" in outcome) || !Array.isArray(outcome.answer.value)) return;
  const answers: readonly unknown[] = outcome.answer.value;
  known.value = new Map([...known.peek(), ...needs.map(([name], at) => [name, isAllowed(answers[at])] as const)]);
}

function questionOf(Resource: string, Access: string, Segment: string): object {
  return { Resource, Access, Segment };
}

function isAllowed(answer: unknown): boolean {
  return typeof answer === "object" && answer !== null && "Allow" in answer && answer.Allow === true;
}
