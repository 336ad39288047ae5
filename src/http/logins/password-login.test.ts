import { expect, test } from "bun:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { OperatingError } from "../../lib/errors.ts";
import { createLog } from "../../lib/log.ts";
import { hashPassword } from "../../lib/password-hash.ts";
import { PasswordLogins, wrongMax } from "./password-login.ts";

async function open() {
  const clock = new FakeClock();
  const log = createLog({ level: "info", json: false, clock, sink: () => {} }, "acl");
  const refused = { count: 0, add: (n: number) => void (refused.count += n) };
  const logins = new PasswordLogins({ clock, log, refused });
  const passwordHash = await hashPassword("right");
  const user = { authMethod: "m", name: "anna", groups: [], passwordHash, createIndex: 1, modifyIndex: 1 };
  /** Returns "ok", or the code of the error. */
  const send = (bearer: string, address: string): Promise<string> =>
    logins.identify({ method: "m", bearer, address, find: (name) => (name === "anna" ? user : undefined) }).then(
      () => "ok",
      (error: unknown) => (error instanceof OperatingError ? error.code : String(error)),
    );
  return { clock, refused, send };
}

test("guesses from many addresses are refused for their user, whom they do not lock out where the user logged in before", async () => {
  const { clock, refused, send } = await open();
  expect(await send("anna:right", "10.0.0.1")).toBe("ok");
  for (let at = 0; at < wrongMax; at += 1)
    expect(await send(`anna:guess ${at}`, `10.0.1.${at}`)).toBe("wrong-password");
  expect(await send("anna:right", "10.0.2.1")).toBe("too-many-logins");
  expect(await send("anna:right", "10.0.0.1")).toBe("ok");
  expect(refused.count).toBe(1);
  await clock.advance(60_000);
  expect(await send("anna:right", "10.0.2.1")).toBe("ok");
});

test("an unknown user counts as a known one does", async () => {
  const { send } = await open();
  for (let at = 0; at < wrongMax; at += 1) expect(await send(`eve:guess ${at}`, `10.0.1.${at}`)).toBe("wrong-password");
  expect(await send("eve:right", "10.0.2.1")).toBe("too-many-logins");
});

test("logins beyond those that wait are refused, and the agent's loop goes on while hashes are computed", async () => {
  const { send } = await open();
  let turns = 0;
  const beat = setInterval(() => (turns += 1), 1);
  const sent = Array.from({ length: 40 }, (_, at) => send(`u${at}:x`, `10.0.3.${at}`));
  const codes = await Promise.all(sent);
  clearInterval(beat);
  expect(codes.filter((code) => code === "too-many-logins")).toHaveLength(8);
  // Thirty-two hashes on the main thread would leave it no turn between the first and the last answer.
  expect(turns).toBeGreaterThan(16);
});
