import { plugin } from "bun";
import { setDefaultTimeout } from "bun:test";
import { atLength } from "./at-length.ts";
import { patienceMs } from "./patience.ts";

/*
 * Loaded before all tests by bunfig.toml. Bun's default limit of 5 s for each test would fail tests on a slow machine. This limit
 * ends only a test that hangs; tests of speed use patience.ts or count operations.
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
