import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { output } from "../../scripts/image/output.ts";
import { ContainerEngine } from "../support/container-engine.ts";
import { within } from "../support/within.ts";

/*
 * Builds the Dockerfile with Buildah on stand-ins for its base images, which are made of packages of Debian and of this machine's Node,
 * and compares the image with the one of `make image`; then builds the developer's container. The steps of the build use this machine's settings of apt and npm.
 */

const root = resolve(import.meta.dir, "../..");
const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");
const [nodeBase = "", debianBase = ""] = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(
  ([, name = ""]) => `localhost/${name}`,
);
const soonMs = 30_000;

/** Settings with which this machine reaches its registries; a container has them at the second path. */
const settings: readonly (readonly [string, string])[] = [
  ["/etc/apt", "/etc/apt"],
  ["/etc/ssl/certs", "/etc/ssl/certs"],
  [join(process.env["HOME"] ?? "/root", ".npmrc"), "/root/.npmrc"],
];

const volumes = settings
  .filter(([path]) => existsSync(path))
  .flatMap(([path, inside]) => ["-v", `${path}:${inside}:ro`]);

let engine: ContainerEngine;
const image = "localhost/praetor:built";

// Each step has a time limit of its own.
beforeAll(async () => {
  engine = await ContainerEngine.open({ hasNetwork: true });
  await makeDebian(debianBase);
});

beforeAll(() => makeNode(nodeBase, debianBase));

beforeAll(async () => {
  await build("--format", "docker", "--network", "host", ...volumes, "--tag", image, root);
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

async function build(...words: readonly string[]): Promise<void> {
  const { code, text } = await engine.run("buildah", "build", "--pull=never", "--isolation", "chroot", ...words);
  if (code !== 0) throw new Error(`buildah build ${words.join(" ")} ended with ${code}: ${text.slice(-10_000)}`);
}

async function makeDebian(name: string): Promise<void> {
  const suite = /:(\w+)-slim$/.exec(name)?.[1] ?? "";
  const archive = join(engine.folder, "debian.tar");
  await output([
    "mmdebstrap",
    "--quiet",
    "--mode=root",
    "--variant=minbase",
    "--include=ca-certificates,libstdc++6",
    suite,
    archive,
  ]);
  await engine.podman("import", "--quiet", archive, name);
}

async function makeNode(name: string, debian: string): Promise<void> {
  const node = Bun.which("node") ?? "";
  const packages = (await output(["npm", "root", "--global"])).trim();
  const file = join(engine.folder, "Node");
  writeFileSync(
    file,
    `FROM ${debian}
COPY ${node} /usr/local/bin/node
COPY ${packages}/npm /usr/local/lib/node_modules/npm
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
`,
  );
  await build("--tag", name, "--file", file, "/");
}

async function settingsOf(name: string): Promise<Readonly<Record<string, unknown>>> {
  const [{ Config: config }] = JSON.parse(await engine.podman("image", "inspect", name)) as [
    { readonly Config: Readonly<Record<string, unknown>> },
  ];
  const fields = ["User", "ExposedPorts", "Entrypoint", "Volumes", "Labels", "Healthcheck"];
  return Object.fromEntries(fields.map((field) => [field, config[field]]));
}

test("the Dockerfile's image has the settings of make image's", async () => {
  const built = await settingsOf(image);
  const { ["io.buildah.version"]: _, ...labels } = built["Labels"] as Readonly<Record<string, string>>;
  const archived = await settingsOf(await engine.load(join(root, "dist/praetor-slim.tar"), "amd64"));
  expect<object>({ ...built, Labels: labels }).toEqual(archived);
  expect(archived["User"]).toBe("2002:2001");
});

test("the Dockerfile's image has the program's names and folders of make image's", async () => {
  const listed = async (name: string): Promise<string> => {
    const folder = (await engine.podman("image", "mount", name)).trim();
    const places = ["consul", "edgex", "usr/local/bin", "usr/share/doc/praetor"].map((place) => `${folder}/${place}`);
    return (await engine.run("find", ...places, "-printf", "%p %M %U %G %l\n")).text.replaceAll(folder, "");
  };
  const archived = await listed(await engine.load(join(root, "dist/praetor-slim.tar"), "amd64"));
  const sorted = (text: string): readonly string[] => text.trim().split("\n").toSorted();
  expect(sorted(await listed(image))).toEqual(sorted(archived));
});

test("the Dockerfile's image serves, on a file system that it cannot write", async () => {
  const confined = [
    "--init",
    "--read-only",
    "--tmpfs",
    "/tmp",
    "--security-opt",
    "no-new-privileges",
    "--cap-drop",
    "ALL",
  ];
  const words = [...confined, "--network", "none", "--volume", "built:/consul", image, "-bind", "127.0.0.1"];
  await engine.podman("run", "--detach", "--name", "built", ...words);
  await within(soonMs, () => engine.podman("healthcheck", "run", "built"));
  expect(await engine.podman("exec", "built", "praetor", "catalog", "services")).toContain("edgex-redis");
});

test("the developer's container installs what the project needs, and runs the program", async () => {
  const { build: built, postCreateCommand } = Bun.JSONC.parse(
    readFileSync(join(root, ".devcontainer/devcontainer.json"), "utf8"),
  ) as { readonly build: { readonly dockerfile: string }; readonly postCreateCommand: string };
  const file = join(root, ".devcontainer", built.dockerfile);
  await build("--network", "host", ...volumes, "--tag", "localhost/developer", "--file", file, root);
  const clone = join(engine.folder, "praetor");
  await output(["git", "clone", "--quiet", root, clone]);
  const inside = [...volumes, "--volume", `${clone}:/praetor`, "--workdir", "/praetor", "localhost/developer"];
  const command = `${postCreateCommand} && node_modules/.bin/bun src/main.ts version`;
  expect(await engine.podman("run", "--rm", ...inside, "sh", "-euc", command)).toContain("Praetor v");
});
