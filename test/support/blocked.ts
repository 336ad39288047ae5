import { expect } from "bun:test";
import { get } from "./conformance.ts";
import type { Answer } from "./exchange.ts";
import { promptly } from "./promptly.ts";

export interface Woken {
  readonly before: Answer;
  readonly after: Answer;
  /** From the act to the answer. */
  readonly tookMs: number;
}

/** Enough, mostly, for the request to be held when the act is done; an act that comes first is answered all the same. */
const headStartMs = 60;

/**
 * Asks for `path`, asks again with the index of that answer, does `act` while the second request is held, and returns
 * both answers.
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

/** Answered because of the act, not at the end of the wait, with a higher index. */
export function expectWoken({ before, after }: Woken): void {
  expect(after.index).toBeGreaterThan(before.index);
}

/** The wait ended: same index, same answer. */
export async function expectUndisturbed(path: string, act: () => Promise<unknown>): Promise<void> {
  const { before, after, tookMs } = await whileBlocked(path, act, { wait: "300ms" });
  expect(after.index).toBe(before.index);
  expect(after.text).toBe(before.text);
  expect(tookMs).toBeGreaterThan(150);
}
