import { plugin } from "bun";
import { setDefaultTimeout } from "bun:test";
import { atLength } from "./at-length.ts";
import { patienceMs } from "./patience.ts";

/*
 * Loaded before all tests by bunfig.toml. Bun ends a test after 5 s, which says more about the machine than about the test.
 * Here a test is ended when it must have hung; what should be quick says so itself, by patience.ts or by counting.
 */
const hungMs = atLength({ short: 600_000, long: 4 * 3_600_000 });

/** Bun knows the limit for one file only, and no setting for all of them: it is set as each file is about to be loaded. */
plugin({
  name: "one limit for all tests",
  setup(build) {
    build.onResolve({ filter: /\.test\.ts$/ }, () => {
      setDefaultTimeout(patienceMs(hungMs));
      return undefined;
    });
  },
});
