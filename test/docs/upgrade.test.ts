import { expect, test } from "bun:test";
import { openGuide } from "../support/guide.ts";

const guide = await openGuide("docs/upgrade.md");

test("the commands in docs/upgrade.md print the documented output", async () => {
  expect(await guide.run()).toBe(5);
});
