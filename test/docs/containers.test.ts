import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { finalStage, parseDockerfile, textOf } from "../../scripts/image/dockerfile.ts";
import { flavours } from "../../scripts/image/flavours.ts";
import { tableRows } from "./markdown-table.ts";

const root = resolve(import.meta.dir, "../..");
const guide = readFileSync(join(root, "docs/containers.md"), "utf8");

test("docs/containers.md lists the flavours of the image with their programs and bounds", () => {
  const rows = tableRows(guide, "flavour");
  expect(rows.map(([flavour, , bound]) => [flavour, bound])).toEqual(
    flavours.map(({ name, mebibytesMax }) => [name, `${mebibytesMax} MiB`]),
  );
  for (const [at, { programs }] of flavours.entries())
    for (const program of programs) expect(rows[at]?.[1]).toContain(`\`${program.split("/").at(-1)}\``);
});

test("docs/containers.md names the user and the volume of the Dockerfile", () => {
  const image = finalStage(parseDockerfile(readFileSync(join(root, "Dockerfile"), "utf8")));
  expect(guide).toContain(`chown -R ${textOf(image, "USER")}`);
  expect(guide).toContain(`--volume praetor:${textOf(image, "VOLUME")} `);
});
