import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { portNear } from "../../examples/gateway/ports.ts";
import { Program } from "../../examples/gateway/program.ts";
import { scriptArguments } from "../../src/edgex/scripts.ts";
import { within } from "../support/within.ts";
import { finalStage, parseDockerfile, textOf, wordsOf } from "../../scripts/image/dockerfile.ts";

const root = resolve(import.meta.dir, "../..");
const dockerfile = parseDockerfile(readFileSync(join(root, "Dockerfile"), "utf8"));
const image = finalStage(dockerfile);
const soonMs = 15_000;

/** The command that this test runs in place of /usr/local/bin/praetor. */
const praetor =
  process.env["CONFORMANCE_TARGET"] === "executable"
    ? [join(root, "dist/praetor")]
    : [process.execPath, join(root, "src/main.ts")];

describe("the Dockerfile", () => {
  test("ships one executable, which a separate build stage compiles", () => {
    expect(dockerfile.filter(({ keyword }) => keyword === "FROM")).toHaveLength(2);
    expect(textOf(dockerfile, "COPY")).not.toBe("");
    expect(image.find(({ text }) => text.endsWith("/usr/local/bin/praetor"))?.text).toStartWith("--from=build ");
  });

  test("runs as a user of its image, with one volume, and the ports of Consul and core-keeper", () => {
    expect(textOf(image, "USER")).toBe("2002:2001");
    expect(textOf(image, "VOLUME")).toBe("/consul");
    expect(textOf(image, "EXPOSE").split(/\s+/)).toEqual(["8500", "8600", "8600/udp", "59890"]);
  });

  const copied = dockerfile
    .filter(({ keyword, text }) => keyword === "COPY" && !text.startsWith("--from"))
    .map(({ text }) => text.split(/\s+/).slice(0, -1));

  test("copies only files that .dockerignore includes", () => {
    const allowed = readFileSync(join(root, ".dockerignore"), "utf8").match(/(?<=^!).+/gm);
    for (const paths of copied) expect(allowed).toEqual(expect.arrayContaining([...paths]));
  });

  test("copies all that the build reads", () => {
    const folder = mkdtempSync(join(tmpdir(), "build-stage-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const path of copied.flat()) cpSync(join(root, path), join(folder, path), { recursive: true });
    // The bundler would resolve a symbolic link to the folder of the link's target.
    const isLinked = ["-al", "-a"].some(
      (how) => Bun.spawnSync(["cp", how, join(root, "node_modules"), folder]).success,
    );
    expect(isLinked).toBe(true);
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, "scripts/build.ts"], { cwd: folder });
    expect([exitCode, stderr.toString()]).toEqual([0, expect.any(String)]);
    expect(existsSync(join(folder, "dist/praetor"))).toBe(true);
  });

  test("installs the program under each script name of Geneva's Consul image", () => {
    const [, names = ""] = /for name in (.*?);/.exec(textOf(image, "RUN")) ?? [];
    expect(names.trim().split(/\s+/).toSorted()).toEqual([...scriptArguments.keys()].toSorted());
    expect(textOf(image, "RUN")).toContain('ln -s /usr/local/bin/praetor "/edgex/scripts/$name"');
  });

  test("starts the program without a shell", () => {
    expect(wordsOf(image, "ENTRYPOINT")).toEqual(["praetor", "edgex"]);
    expect(wordsOf(image, "HEALTHCHECK")[0]).toBe("praetor");
  });
});

/** Runs the image's commands as a container would: with its user, without a home folder, in "/", with one writable folder. */
describe("a container of the image", () => {
  const volume = mkdtempSync(join(tmpdir(), "container-"));
  const dataDir = join(volume, "data");
  const lines: string[] = [];
  let url = "";
  let container: Program;

  beforeAll(async () => {
    mkdirSync(dataDir);
    chmodSync(volume, 0o755);
    if (process.getuid?.() === 0) chownSync(dataDir, 2002, 2001);
    const [http, server, serfLan, serfWan, keeper] = await Promise.all([0, 0, 0, 0, 0].map(portNear));
    url = `http://127.0.0.1:${http}`;
    const ports = ["-http-port", `${http}`, "-dns-port", "-1", "-server-port", `${server}`, "-bind", "127.0.0.1"];
    container = start(
      [
        ...commandOf("ENTRYPOINT"),
        ...ports,
        "-serf-lan-port",
        `${serfLan}`,
        "-serf-wan-port",
        `${serfWan}`,
        "-keeper-port",
        `${keeper}`,
      ],
      { PRAETOR_DATA_DIR: dataDir, EDGEX_DB: "redis", EDGEX_SECURE: "true" },
    );
    await within(soonMs, () => expectHealthy(0));
  });

  afterAll(async () => {
    await container.stop();
    rmSync(volume, { recursive: true, force: true });
  });

  function commandOf(keyword: string): readonly string[] {
    const [program, ...words] = wordsOf(image, keyword);
    expect(program).toBe("praetor");
    return [...praetor, ...words];
  }

  function start(command: readonly string[], env: Readonly<Record<string, string>>): Program {
    const asUser = process.getuid?.() === 0 ? ["setpriv", "--reuid=2002", "--regid=2001", "--clear-groups"] : [];
    const bare = ["env", "-i", "-C", "/", "PATH=/usr/bin:/bin", ...Object.entries(env).map(([k, v]) => `${k}=${v}`)];
    return new Program({
      name: "container",
      command: [...asUser, ...bare, ...command],
      onLine: (line) => lines.push(line),
    });
  }

  async function expectHealthy(exitCode: number): Promise<void> {
    const check = start(commandOf("HEALTHCHECK"), { PRAETOR_HTTP_ADDR: url });
    expect(await check.ended()).toBe(exitCode);
  }

  async function statusOf(checkId: string): Promise<string | undefined> {
    const checks = (await (await fetch(`${url}/v1/agent/checks`)).json()) as Record<string, { Status: string }>;
    return checks[checkId]?.Status;
  }

  test("starts the agent with the UI by default, and prints the address of the HTTP API", async () => {
    expect(lines.join("\n")).toContain(`HTTP API  ${url}`);
    expect((await fetch(`${url}/ui/`)).status).toBe(200);
  });

  test("runs the script checks of Geneva's services without a shell", async () => {
    // The file that the script looks for is missing, because EdgeX's security set-up has not run. If the program did not start,
    // the check would be critical.
    await within(soonMs, async () => expect(await statusOf("service:security-secrets-setup")).toBe("warning"));
    await within(soonMs, async () => expect(await statusOf("service:security-proxy-setup")).toBe("critical"));
    expect(await statusOf("service:edgex-redis")).toBe("critical");
  });

  test("writes only below the image's volume, and keeps the definitions there", () => {
    expect(readdirSync(join(dataDir, "config"))).toContain("01-redis.json");
    expect(readdirSync(volume)).toEqual(["data"]);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "refuses a data folder of another user, such as a volume of Consul's image",
    async () => {
      const foreign = mkdtempSync(join(tmpdir(), "foreign-"));
      chmodSync(foreign, 0o755);
      chownSync(foreign, 100, 1000);
      const refused = start(commandOf("ENTRYPOINT"), { PRAETOR_DATA_DIR: foreign });
      expect(await refused.ended()).toBe(1);
      expect(readdirSync(foreign)).toEqual([]);
      rmSync(foreign, { recursive: true });
      const told = lines.find((line) => line.includes(foreign));
      expect(told).toContain(
        `user 2002 cannot write the data folder ${foreign}, which belongs to user 100, group 1000: run as`,
      );
    },
  );

  test("has a health check that exits with 1 after the agent has ended", async () => {
    await container.stop("SIGTERM");
    expect(await container.ended()).toBe(1); // Consul: the exit code of a server that does not leave on SIGTERM
    await expectHealthy(1);
  });
});
