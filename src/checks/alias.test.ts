import { expect, test } from "bun:test";
import type { CheckStatus } from "../model/check.ts";
import { startAliasCheck, type AliasedCheck, type AliasSource, type AliasTarget } from "./alias.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";

interface Trial {
  readonly results: CheckResult[];
  readonly runner: CheckRunner;
  readonly watched: AliasTarget[];
  readonly change: (checks: readonly AliasedCheck[] | undefined) => void;
  readonly isWatching: () => boolean;
}

function begin(target: AliasTarget = { node: "", service: "a" }): Trial {
  const results: CheckResult[] = [];
  const watched: AliasTarget[] = [];
  let listener: ((checks: readonly AliasedCheck[] | undefined) => void) | undefined;
  let watching = false;
  const source: AliasSource = {
    watch(given, onChange) {
      watched.push(given);
      listener = onChange;
      watching = true;
      return { stop: () => (watching = false) };
    },
  };
  const report = (result: CheckResult): void => void results.push(result);
  const runner = startAliasCheck({ kind: "alias", ...target }, { source, report });
  return { results, runner, watched, change: (checks) => listener?.(checks), isWatching: () => watching };
}

function outcome(...checks: readonly (readonly [string, CheckStatus, string])[]): CheckResult | undefined {
  const { change, results } = begin();
  change(checks.map(([name, status, output]) => ({ name, status, output })));
  return results[0];
}

// The expected texts are outputs of Consul 1.8.7.
test("an alias check of a service without checks is passing, and its output states that there are no checks", () => {
  expect(outcome()).toEqual({ status: "passing", output: "No checks found." });
});

test("an alias check is passing when all checks that it follows are passing", () => {
  expect(outcome(["c1 name", "passing", "fine"])).toEqual({ status: "passing", output: "All checks passing." });
});

test("an alias check has the worst status, and the name and output of the first critical or last warning check", () => {
  expect(outcome(["c1 name", "warning", "w1"], ["c2 name", "critical", "f2"], ["c3", "critical", "f3"])).toEqual({
    status: "critical",
    output: 'Aliased check "c2 name" failing: f2',
  });
  expect(outcome(["c1 name", "warning", "w1"], ["c2 name", "warning", "w2"], ["c3", "passing", ""])).toEqual({
    status: "warning",
    output: 'Aliased check "c2 name" failing: w2',
  });
});

test("an alias check is critical while the service or node that it follows does not exist", () => {
  const absentOutput = (target: AliasTarget): string | undefined => {
    const { change, results } = begin(target);
    change(undefined);
    expect(results[0]?.status).toBe("critical");
    return results[0]?.output;
  };
  expect(absentOutput({ node: "", service: "nosuch" })).toBe("Service nosuch could not be found on node ");
  expect(absentOutput({ node: "chk1", service: "a" })).toBe("Service a could not be found on node chk1");
  expect(absentOutput({ node: "gone", service: "" })).toBe("Node gone could not be found");
});

test("an alias check reports each change of the checks that it follows until it is stopped", () => {
  const { change, results, runner, watched, isWatching } = begin();
  change([]);
  change(undefined);
  runner.stop();
  change([]);
  expect(results.map(({ status }) => status)).toEqual(["passing", "critical"]);
  expect([watched, isWatching()]).toEqual([[{ node: "", service: "a" }], false]);
});
