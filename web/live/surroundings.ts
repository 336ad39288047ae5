import type { Surroundings } from "./held-request.ts";
import { ask } from "./request.ts";

/** The browser's network, clock and chance. */
export const browserSurroundings: Surroundings = {
  ask: (asked) => ask(asked),
  nowMs: () => Date.now(),
  chance: () => Math.random(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
