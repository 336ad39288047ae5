import { plugin } from "bun";
import { setDefaultTimeout } from "bun:test";
import { atLength } from "./at-length.ts";
import { patienceMs } from "./patience.ts";

/*
 * Loaded before all tests by bunfig.toml. Bun's limit of 5 s for each test would measure the machine. Here a test ends
 * only when it must hang; tests of speed use patience.ts or count operations.
 */
const hungMs = atLength({ short: 600_000, long: 4 * 3_600_000 });

/** Bun sets the limit for one file only, so it is set as each file is loaded. */
plugin({
  name: "one limit for all tests",
  setup(build) {
    build.onResolve({ filter: /\.test\.ts$/ }, () => {
      setDefaultTimeout(patienceMs(hungMs));
      return undefined;
    });
  },
});
