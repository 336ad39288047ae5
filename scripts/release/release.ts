/**
 * Makes dist/release: for each kind of machine an executable and an archive that installs it, with the licences, the bill of
 * materials and the checksums. Two runs on one commit give the same bytes.
 * usage: release.ts [TARGET...], by default all
 */
import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { billOfMaterials } from "./bill-of-materials.ts";
import { writeChecksums } from "./checksums.ts";
import { compileFor, wantedTargets } from "./executables.ts";
import { readSource } from "./source.ts";
import { makeTarball } from "./tarball.ts";

const folder = "dist/release";
const source = readSource();
const wanted = wantedTargets(process.argv.slice(2));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const target of wanted) {
  const compiled = await compileFor(target);
  const name = `praetor-${source.version}-${target.name}`;
  makeTarball(name, { executable: compiled, folder, source });
  const released = join(folder, name);
  copyFileSync(compiled, released);
  rmSync(dirname(compiled), { recursive: true });
  console.log(`${released}: ${mebibytes(released)} MiB, ${mebibytes(`${released}.tar.gz`)} MiB as .tar.gz`);
}
for (const name of ["LICENSE", "NOTICE"]) copyFileSync(name, join(folder, name));
const bill = join(folder, `praetor-${source.version}.cdx.json`);
writeFileSync(bill, `${JSON.stringify(billOfMaterials(source), undefined, 2)}\n`);
writeChecksums(folder);
console.log(`${folder}: licences, ${bill} and SHA256SUMS`);

function mebibytes(path: string): string {
  return (statSync(path).size / 2 ** 20).toFixed(1);
}
