import { expect } from "bun:test";
import { get } from "./conformance.ts";
import type { Answer } from "./exchange.ts";
import { promptly } from "./promptly.ts";

export interface Woken {
  readonly before: Answer;
  readonly after: Answer;
  /** Time from the act to the answer, in milliseconds. */
  readonly tookMs: number;
}

/**
 * Pause before the act, in milliseconds. It is usually long enough for the agent to hold the request; if not, the request is
 * answered all the same.
 */
const headStartMs = 60;

/**
 * Requests `path`, repeats the request with the index of that answer, calls `act` while the agent holds the second
 * request, and returns both answers.
 */
export async function whileBlocked(
  path: string,
  act: () => Promise<unknown>,
  options?: { wait: string },
): Promise<Woken> {
  const before = await get(path);
  const query = `index=${before.index}&wait=${options?.wait ?? "10m"}`;
  const held = get(`${path}${path.includes("?") ? "&" : "?"}${query}`);
  await Bun.sleep(headStartMs);
  const started = performance.now();
  await act();
  const after = await promptly(held);
  return { before, after, tookMs: performance.now() - started };
}

/** Expects that the act ended the blocking query: the index is higher, and the answer came before `wait` was over. */
export function expectWoken({ before, after }: Woken): void {
  expect(after.index).toBeGreaterThan(before.index);
}

/** Expects that the act does not end the blocking query: `wait` ran out, and the index and the answer are the same. */
export async function expectUndisturbed(path: string, act: () => Promise<unknown>): Promise<void> {
  const { before, after, tookMs } = await whileBlocked(path, act, { wait: "300ms" });
  expect(after.index).toBe(before.index);
  expect(after.text).toBe(before.text);
  expect(tookMs).toBeGreaterThan(150);
}
