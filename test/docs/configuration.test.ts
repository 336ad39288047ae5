import { expect, test } from "bun:test";
import { openGuide } from "../support/guide.ts";

const guide = await openGuide("docs/configuration.md");

test("the commands in docs/configuration.md print the documented output", async () => {
  expect(await guide.run()).toBe(32);
});
