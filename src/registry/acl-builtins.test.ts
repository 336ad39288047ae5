import { expect, test } from "bun:test";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { openTestStore, type TestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { getAclTokenOfSecret, listAclPolicies } from "../state/acl-lookup.ts";
import { keepAclBuiltins } from "./acl-builtins.ts";

function optionsFor({ clock }: TestStore, masterSecret: string): Parameters<typeof keepAclBuiltins>[1] {
  const log = createLog({ level: "info", json: false, clock, sink: () => {} }, "acl");
  return { masterSecret, clock, random: new FakeRandom(), log };
}

test("a leader creates the builtin policy, the anonymous token and the master token, again after a failure", async () => {
  const trial = openTestStore();
  trial.engine.fail();
  const task = keepAclBuiltins(trial.store, optionsFor(trial, "secret"));
  await trial.clock.advance(0);
  expect(listAclPolicies(trial.store.state)).toEqual([]);
  trial.engine.recover();
  await trial.clock.advance(1_000);
  expect(listAclPolicies(trial.store.state).map(({ name }) => name)).toEqual(["global-management"]);
  expect(getAclTokenOfSecret(trial.store.state, "secret")?.description).toBe("Master Token");
  expect(getAclTokenOfSecret(trial.store.state, "anonymous")?.description).toBe("Anonymous Token");
  await task.stop();
});

test("a leader without a configured master token leaves the bootstrap to a client", async () => {
  const trial = openTestStore();
  const task = keepAclBuiltins(trial.store, optionsFor(trial, ""));
  await trial.clock.advance(0);
  expect(trial.store.state.aclTokens.size).toBe(1);
  expect(trial.store.state.aclBootstrap.size).toBe(0);
  await task.stop();
});
