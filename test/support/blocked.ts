import { expect } from "bun:test";
import { get } from "./conformance.ts";
import type { Answer } from "./exchange.ts";
import { promptly } from "./promptly.ts";

export interface Woken {
  readonly before: Answer;
  readonly after: Answer;
  /** The time from the sending of the blocking query to its answer, in milliseconds. */
  readonly tookMs: number;
}

/**
 * The pause between the blocking query and `act`, in milliseconds. It is usually long enough for the agent to hold the query. A
 * query that reaches the agent after `act` is answered too, because its index is then lower than the present one.
 */
const headStartMs = 60;

/**
 * Requests `path`, sends a blocking query with the index of the answer, calls `act` while the agent holds the query, and returns
 * both answers.
 */
export async function whileBlocked(
  path: string,
  act: () => Promise<unknown>,
  options?: { wait: string },
): Promise<Woken> {
  const before = await get(path);
  const query = `index=${before.index}&wait=${options?.wait ?? "10m"}`;
  const sentMs = performance.now();
  const held = get(`${path}${path.includes("?") ? "&" : "?"}${query}`);
  await Bun.sleep(headStartMs);
  await act();
  const after = await promptly(held);
  return { before, after, tookMs: performance.now() - sentMs };
}

/** Expects that `act` ended the blocking query: the second answer has a higher index than the first. */
export function expectWoken({ before, after }: Woken): void {
  expect(after.index).toBeGreaterThan(before.index);
}

/** Expects that `act` does not end a blocking query of `path`: its answer comes after `wait`, with the same index and body. */
export async function expectUndisturbed(path: string, act: () => Promise<unknown>): Promise<void> {
  const { before, after, tookMs } = await whileBlocked(path, act, { wait: "300ms" });
  expect(after.index).toBe(before.index);
  expect(after.text).toBe(before.text);
  expect(tookMs).toBeGreaterThan(290);
}
