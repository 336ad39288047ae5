import { plugin } from "bun";
import { setDefaultTimeout } from "bun:test";
import { atLength } from "./at-length.ts";
import { patienceMs } from "./patience.ts";

/*
 * Bun loads this file before all tests, as bunfig.toml says. Bun's default limit of 5 s for each test would fail tests on a slow
 * machine. This limit ends only a test that hangs; tests of speed use patience.ts or count operations.
 */
const hungMs = atLength({ short: 600_000, long: 4 * 3_600_000 });

/** Sets the limit when a test file is loaded, because `setDefaultTimeout` applies to one file only. */
plugin({
  name: "one limit for all tests",
  setup(build) {
    build.onResolve({ filter: /\.test\.ts$/ }, () => {
      setDefaultTimeout(patienceMs(hungMs));
      return undefined;
    });
  },
});
