import { afterAll, expect, test } from "bun:test";
import Ajv from "ajv";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { billOfMaterials } from "../../scripts/release/bill-of-materials.ts";
import { fetchPackage } from "../../scripts/release/locked-package.ts";
import { readSource } from "../../scripts/release/source.ts";

const elsewhere = mkdtempSync(join(tmpdir(), "praetor-elsewhere-"));
const repository = join(elsewhere, "another/folder");

/** Copies this repository, as it is committed or staged, and its packages. */
function copyRepository(): void {
  const tracked = Bun.spawnSync(["git", "ls-files", "--cached"]).stdout.toString().trim().split("\n");
  for (const path of tracked) cpSync(path, join(repository, path));
  // Links to the same files, where the file system allows them: the bundler resolves a link to the whole folder.
  const copied = ["-al", "-a"].some((how) => Bun.spawnSync(["cp", how, "node_modules", repository]).success);
  if (!copied) throw new Error(`node_modules cannot be copied to ${repository}`);
}
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

/** Builds one executable and archive in a folder, and returns the hash of each released file by its name. */
function release(cwd: string, timeZone: string): Record<string, string> {
  const env = { ...process.env, TZ: timeZone, SOURCE_DATE_EPOCH: "1700000000" };
  const { success, stderr } = Bun.spawnSync([process.execPath, "scripts/release/release.ts", "linux-amd64"], {
    cwd,
    env,
  });
  if (!success) throw new Error(stderr.toString());
  const sums = readFileSync(join(cwd, "dist/release/SHA256SUMS"), "utf8");
  return Object.fromEntries(
    sums
      .trim()
      .split("\n")
      .map((line) => line.split("  ").toReversed() as [string, string]),
  );
}

test("two builds in other folders and time zones give the same bytes, which SHA256SUMS names", () => {
  copyRepository();
  const here = release(process.cwd(), "UTC");
  expect(Object.keys(here)).toHaveLength(5);
  for (const [name, sum] of Object.entries(here))
    expect(
      createHash("sha256")
        .update(readFileSync(join("dist/release", name)))
        .digest("hex"),
    ).toBe(sum);
  expect(release(repository, "Asia/Kolkata")).toEqual(here);
});

test("the bill of materials is one of CycloneDX 1.6, by its schema, and names each package once", () => {
  const integrity = "sha512-RIT28sp1U0PCHaaeF3yNRwk6Jig/XJ8UsYAVOMYaHQ+0VVOvsjcp0PTWQFLUqJFF8XMud+Kdq6G+wtDAh+QJFA==";
  const schemas = join(fetchPackage("@cyclonedx/cyclonedx-library", { version: "10.3.0", integrity }), "res/schema");
  const schema = (name: string): object => JSON.parse(readFileSync(join(schemas, name), "utf8")) as object;
  const ajv = new Ajv({ strict: false, validateFormats: false });
  for (const name of ["spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json"])
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}`);
  const validate = ajv.compile(schema("bom-1.6.SNAPSHOT.schema.json"));
  const bill = billOfMaterials(readSource()) as { components: { "bom-ref": string }[] };
  expect({ valid: validate(bill), errors: validate.errors }).toEqual({ valid: true, errors: null });
  expect(validate({ ...bill, components: [{ type: "no such type", name: "a" }] })).toBe(false);
  const refs = bill.components.map((each) => each["bom-ref"]);
  expect(new Set(refs).size).toBe(refs.length);
  expect(refs).toContain("pkg:npm/%40oven/bun-linux-aarch64@1.4.5");
});

test("shellcheck finds no fault in the packaged scripts", () => {
  const scripts = ["install.sh", "openrc/praetor", "procd/praetor", "debian/postinst", "debian/prerm", "debian/postrm"];
  // OpenRC and procd read and set variables that the scripts alone do not show; the environment is an installed file.
  const codes = "--exclude=SC1091,SC2034,SC2154";
  const checked = Bun.spawnSync(["shellcheck", "--shell=sh", codes, ...scripts.map((name) => `packaging/${name}`)]);
  expect({ exitCode: checked.exitCode, said: checked.stdout.toString() }).toEqual({ exitCode: 0, said: "" });
});
