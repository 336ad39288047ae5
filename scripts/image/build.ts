/**
 * Builds an archive of the OCI image layout for each flavour: dist/praetor-slim.tar and dist/praetor-edgex.tar, each for amd64 and
 * arm64. They need no base image and no container engine: what they have besides the program comes from packages of Debian, by apt of
 * this machine. The Dockerfile's last stage says how a container runs. The same commit, packages, Bun and folder give the
 * same bytes.
 * usage: build.ts [ARCHITECTURE...], by default all
 */
import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { compileFor } from "../release/executables.ts";
import { readSource } from "../release/source.ts";
import { DebianTree } from "./debian-tree.ts";
import { finalStage, parseDockerfile } from "./dockerfile.ts";
import { basePackages, type Flavour, flavours } from "./flavours.ts";
import { imageSettings } from "./image-settings.ts";
import { type Layer, packImage, packLayer, type PlatformImage } from "./oci-archive.ts";
import { type Platform, platforms } from "./platforms.ts";
import { baseFiles, programFiles, toolFiles, without } from "./root-files.ts";

process.chdir(resolve(import.meta.dir, "../.."));
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !platforms.some(({ architecture }) => architecture === name));
if (unknown.length > 0) {
  console.error(
    `no image for ${unknown.join(", ")}: name ${platforms.map(({ architecture }) => architecture).join(" or ")}`,
  );
  process.exit(2);
}
const settings = imageSettings(finalStage(parseDockerfile(readFileSync("Dockerfile", "utf8"))));
const created = new Date(readSource().epoch * 1_000);
const licences = new Map(["LICENSE", "NOTICE"].map((name) => [name, readFileSync(name)]));

const images = new Map<Flavour, PlatformImage[]>(flavours.map((flavour) => [flavour, []]));
for (const platform of platforms) {
  if (chosen.length > 0 && !chosen.includes(platform.architecture)) continue;
  for (const [flavour, layers] of await layersOf(platform)) {
    images.get(flavour)?.push({ architecture: platform.architecture, layers });
  }
}
for (const [flavour, built] of images) await write(flavour, built);

/** Returns the layers of each flavour. They share the first layer and the last one. */
async function layersOf(platform: Platform): Promise<ReadonlyMap<Flavour, readonly Layer[]>> {
  const folder = `dist/image/${platform.architecture}`;
  mkdirSync(folder, { recursive: true });
  const program = await compileFor(platform.target);
  const tree = new DebianTree(resolve(folder), platform);
  await tree.unpack([...basePackages, ...flavours.flatMap(({ packages }) => packages)]);

  const base = await baseFiles(tree, platform, program);
  const first = await packLayer(base, `Debian: ${basePackages.join(" ")}`, created);
  const last = await packLayer(programFiles(readFileSync(program), licences), "Praetor", created);
  const layers = new Map<Flavour, readonly Layer[]>();
  for (const flavour of flavours) {
    const tools = without(base, await toolFiles(tree, flavour));
    const between = tools.size === 0 ? [] : [await packLayer(tools, `Debian: ${flavour.packages.join(" ")}`, created)];
    layers.set(flavour, [first, ...between, last]);
  }
  return layers;
}

async function write({ name, mebibytesMax }: Flavour, built: readonly PlatformImage[]): Promise<void> {
  const file = `dist/praetor-${name}.tar`;
  await Bun.write(file, await packImage(built, { name: `localhost/praetor:${name}`, settings, created }));
  for (const { architecture, layers } of built) {
    const mebibytes = layers.reduce((sum, { bytes }) => sum + bytes.length, 0) / 2 ** 20;
    console.log(`${file}: ${architecture}, ${mebibytes.toFixed(1)} MiB`);
    if (mebibytes > mebibytesMax) {
      throw new Error(
        `${file} has more than ${mebibytesMax} MiB for ${architecture}: find out what has grown, or raise its bound`,
      );
    }
  }
}
