import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chownSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { finalStage, parseDockerfile, labelsOf } from "../../scripts/image/dockerfile.ts";
import { flavours } from "../../scripts/image/flavours.ts";
import { ContainerEngine } from "../support/container-engine.ts";
import { patienceMs } from "../support/patience.ts";
import { within } from "../support/within.ts";

/*
 * Runs the images that `make image` has written, in a container engine, as docs/install.md says to run them. Images of another
 * processor run in an emulator.
 */

const root = resolve(import.meta.dir, "../..");
const soonMs = 30_000;

/** The limits of a container, as in the documents' examples. */
const confined = [
  ...["--init", "--read-only", "--tmpfs", "/tmp", "--security-opt", "no-new-privileges", "--cap-drop", "ALL"],
  ...["--env", "EDGEX_DB=redis", "--env", "EDGEX_SECURE=false"],
];
/** This test's network has a loopback address only. */
const onLoopback = ["-bind", "127.0.0.1"];

let engine: ContainerEngine;

beforeAll(async () => {
  engine = await ContainerEngine.open();
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

function archiveOf(flavour: string): string {
  return join(root, `dist/praetor-${flavour}.tar`);
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
}

async function untilHealthy(container: string): Promise<void> {
  await within(soonMs, async () => {
    const { code, text } = await engine.run("podman", "healthcheck", "run", container);
    if (code !== 0) throw new Error(`${container} is not healthy: ${text}${await engine.podman("logs", container)}`);
  });
}

describe.each(flavours)("the image $name", ({ name, applets }) => {
  let image = "";

  beforeAll(async () => {
    image = await engine.load(archiveOf(name), "amd64");
    await engine.podman(
      "run",
      "--detach",
      "--name",
      name,
      ...confined,
      "--volume",
      `${name}:/consul`,
      image,
      ...onLoopback,
    );
    await untilHealthy(name);
  });

  afterAll(async () => {
    await engine.podman("rm", "--force", "--volumes", name);
  });

  test("has the labels of the Dockerfile, and the version of the package", async () => {
    const labels: unknown = JSON.parse(await engine.podman("image", "inspect", "--format", "{{json .Labels}}", image));
    expect(labels).toEqual(labelsOf(finalStage(parseDockerfile(readFileSync(join(root, "Dockerfile"), "utf8")))));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };
    expect(labels).toHaveProperty(["org.opencontainers.image.version"], version);
  });

  test("runs as the user of EdgeX's images, without privileges, on a file system that it cannot write", async () => {
    const [, pid = ""] = /^\s*(\d+) praetor/m.exec((await engine.run("ps", "-eo", "pid,comm")).text) ?? [];
    const { text } = await engine.run("cat", `/proc/${pid}/status`);
    expect(text).toMatch(/^Uid:\t2002\t2002\t2002\t2002$/m);
    expect(text).toMatch(/^Gid:\t2001\t2001\t2001\t2001$/m);
    expect(text).toMatch(/^NoNewPrivs:\t1$/m);
    expect(text).toMatch(/^CapEff:\t0+$/m);
    const mounts = (await engine.run("cat", `/proc/${pid}/mounts`)).text;
    expect(mounts).toMatch(/ \/ \w+ ro,/);
    expect(mounts).toMatch(/ \/consul \w+ rw,/);
  });

  test("keeps keys in its volume when the container is replaced", async () => {
    await engine.podman("exec", name, "praetor", "kv", "put", "edgex/kept", "yes");
    await engine.podman("rm", "--force", "--time", "10", name);
    await engine.podman(
      "run",
      "--detach",
      "--name",
      name,
      ...confined,
      "--volume",
      `${name}:/consul`,
      image,
      ...onLoopback,
    );
    await untilHealthy(name);
    expect(await engine.podman("exec", name, "praetor", "kv", "get", "edgex/kept")).toBe("yes");
  });

  test("has a health check that fails when no agent answers", async () => {
    const words = ["run", "--rm", "--entrypoint", "praetor", "--env", "PRAETOR_HTTP_ADDR=127.0.0.1:1", image];
    expect((await engine.run("podman", ...words, "health", "--self", "--timeout", "2s")).code).toBe(1);
  });

  test("has no programs but Praetor and the flavour's", async () => {
    const folder = (await engine.podman("image", "mount", image)).trim();
    const programs = (path: string): readonly string[] => readdirSync(join(folder, path)).toSorted();
    expect(programs("usr/local/bin")).toEqual(["praetor"]);
    expect(programs("usr/bin")).toEqual(
      name === "slim" ? [] : ["busybox", "curl", "jq", "pg_isready", ...applets].toSorted(),
    );
    const { text } = await engine.run("find", folder, "-xdev", "-type", "f", "-perm", "/6000");
    expect(text).toBe("");
  });

  test("ends soon after SIGTERM", async () => {
    const startMs = performance.now();
    await engine.podman("exec", name, "praetor", "catalog", "nodes");
    const commandMs = performance.now() - startMs;
    const stopMs = performance.now();
    await engine.podman("stop", "--time", "60", name);
    // Podman itself takes most of the time: a command in the container says how much on this machine now.
    expect(performance.now() - stopMs).toBeLessThan(2 * commandMs + patienceMs(2_000));
    expect(await engine.podman("inspect", "--format", "{{.State.ExitCode}}", name)).toBe("1");
  });
});

describe("the image edgex", () => {
  test("has what script checks of Geneva call", async () => {
    const image = await engine.load(archiveOf("edgex"), "amd64");
    const calls =
      "pg_isready --version && curl --version && echo '{\"a\":[7]}' | jq -r .a[0] && awk 'BEGIN { print 6 * 7 }'";
    const text = await engine.podman("run", "--rm", ...confined, "--entrypoint", "sh", image, "-c", calls);
    expect(text).toStartWith("pg_isready (PostgreSQL)");
    expect(text).toContain("\ncurl ");
    expect(text).toEndWith("\n7\n42");
  });

  test("runs each name of busybox", async () => {
    const image = await engine.load(archiveOf("edgex"), "amd64");
    const [{ applets } = { applets: [] }] = flavours.filter(({ name }) => name === "edgex");
    const list = await engine.podman("run", "--rm", "--entrypoint", "busybox", image, "--list");
    expect(list.split(/\s+/)).toEqual(expect.arrayContaining([...applets]));
  });

  test("trusts public authorities", async () => {
    const image = await engine.load(archiveOf("edgex"), "amd64");
    const words = ["-c", "grep -c 'BEGIN CERTIFICATE' /etc/ssl/certs/ca-certificates.crt"];
    expect(Number(await engine.podman("run", "--rm", "--entrypoint", "sh", image, ...words))).toBeGreaterThan(100);
  });
});

describe("the images for arm64", () => {
  const emulated = ["--volume", "/usr/bin/qemu-aarch64-static:/emulator:ro", "--entrypoint", "/emulator"];

  test.each(flavours.map(({ name }) => name))("%s: the program finds its libraries, and serves", async (name) => {
    const image = await engine.load(archiveOf(name), "arm64");
    const praetor = "/usr/local/bin/praetor";
    const version = await engine.podman("run", "--rm", ...emulated, image, praetor, "version");
    expect(version).toContain("Praetor v");
    const container = `${name}-arm64`;
    const settings = ["--env", "EDGEX_DB=none", "--env", "EDGEX_SECURE=false", "--tmpfs", "/tmp", "--read-only"];
    await engine.podman(
      "run",
      "--detach",
      "--name",
      container,
      ...settings,
      ...emulated,
      image,
      praetor,
      "edgex",
      ...onLoopback,
    );
    await within(4 * soonMs, async () => {
      await engine.podman("exec", container, "/emulator", praetor, "health", "--self", "--timeout", "60s");
    });
    await engine.podman("rm", "--force", container);
  });

  test("edgex: the other programs find their libraries", async () => {
    const image = await engine.load(archiveOf("edgex"), "arm64");
    for (const program of ["curl", "jq", "pg_isready"]) {
      const text = await engine.podman("run", "--rm", ...emulated, image, `/usr/bin/${program}`, "--version");
      expect(text).toContain(program.replace("_isready", ""));
    }
  });
});

/** The layout of consul:1.7: three volumes of user 100, group 1000, with the files of a server. */
describe("the volumes of Consul's image", () => {
  const snapshot = join(root, "test/support/old-consul/backup.snap");
  let volumes: readonly string[] = [];
  let image = "";
  let folder = "";

  beforeAll(async () => {
    image = await engine.load(archiveOf("slim"), "amd64");
    folder = join(engine.folder, "old");
    for (const name of ["data/raft/snapshots", "data/serf", "config", "scripts"])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, "data/node-id"), "8b4ec07c-04bb-4bf1-b8a8-c4a9bb4a9a5d");
    writeFileSync(join(folder, "data/checkpoint-signature"), "7c3a9a5d-04bb-4bf1-b8a8-8b4ec07cc4a9");
    writeFileSync(join(folder, "data/raft/raft.db"), "");
    writeFileSync(join(folder, "data/serf/local.snapshot"), "");
    writeFileSync(join(folder, "config/00-consul.json"), '{\n  "enable_local_script_checks": true\n}\n');
    cpSync(snapshot, join(folder, "backup.snap"));
    for (const name of filesOf(folder)) chownSync(join(folder, name), 100, 1000);
    volumes = ["data", "config", "scripts"].flatMap((name) => ["--volume", `${folder}/${name}:/consul/${name}`]);
  });

  test("are refused to the image's user, with the commands that help, and stay as they were", async () => {
    const before = filesOf(folder);
    const { code, text } = await engine.run("podman", "run", "--rm", ...confined, ...volumes, image, ...onLoopback);
    expect(code).toBe(1);
    expect(text).toContain("the data folder /consul/data, which belongs to user 100, group 1000: run as that user");
    expect(filesOf(folder)).toEqual(before);
  });

  test("serve their owner: the node keeps its id, and the agent leaves Consul's data alone, with a warning", async () => {
    const owner = ["--user", "100:1000"];
    const name = "old";
    await engine.podman("run", "--detach", "--name", name, ...owner, ...confined, ...volumes, image, ...onLoopback);
    await untilHealthy(name);
    const log = await engine.podman("logs", name);
    expect(log).toContain("Node ID: '8b4ec07c-04bb-4bf1-b8a8-c4a9bb4a9a5d'");
    expect(log).toContain("The data folder /consul/data holds keys and services of Consul");
    expect(readFileSync(join(folder, "data/raft/raft.db"), "utf8")).toBe("");
    await engine.podman("rm", "--force", name);
  });
});
