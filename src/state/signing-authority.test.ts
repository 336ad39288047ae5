import { expect, test } from "bun:test";
import { savedAndRead } from "../../test/support/random-commands.ts";
import { StateDriver } from "../../test/support/state.ts";
import { getSigningAuthority } from "./signing-authority.ts";
import { encodeSnapshot } from "./snapshot.ts";

function authorityOf(name: string) {
  return { trustDomain: `${name}.consul`, certificate: `certificate of ${name}`, key: `key of ${name}` };
}

test("of two servers that create an authority, the first one's stays", () => {
  const driver = new StateDriver();
  expect(getSigningAuthority(driver.state)).toBeUndefined();
  driver.run({ type: "signing-authority-create", authority: authorityOf("a") });
  const second = driver.run({ type: "signing-authority-create", authority: authorityOf("b") });
  expect(second).toMatchObject({ outcome: { type: "unchanged" }, changes: [] });
  expect(getSigningAuthority(driver.state)).toMatchObject(authorityOf("a"));
});

test("a snapshot has no authority and no key, and a restore keeps the one that the servers have", () => {
  const driver = new StateDriver();
  driver.run({ type: "signing-authority-create", authority: authorityOf("a") });
  expect(Buffer.concat([...encodeSnapshot(driver.state)]).toString("latin1")).not.toContain("of a");
  const snapshot = savedAndRead(driver.state);
  expect(getSigningAuthority(snapshot)).toBeUndefined();
  driver.run({ type: "restore", snapshot });
  expect(getSigningAuthority(driver.state)).toMatchObject(authorityOf("a"));
});
