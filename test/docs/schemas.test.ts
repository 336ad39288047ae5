import { expect, test } from "bun:test";
import { knownSettings } from "../../src/model/edgex-settings.ts";
import { openGuide } from "../support/guide.ts";
import { tableRows } from "./markdown-table.ts";

const guide = await openGuide("docs/schemas.md");

test("the commands in docs/schemas.md print the documented output", async () => {
  expect(await guide.run()).toBe(7);
});

test("docs/schemas.md lists each setting of EdgeX whose type is known, and no other", () => {
  expect(tableRows(guide.text, "setting")).toEqual(knownSettings.map(([path, takes]) => [path, takes]));
});
