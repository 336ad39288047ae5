import { afterAll, expect, test } from "bun:test";
import { arrived } from "../../test/support/arrived.ts";
import { CheckTrial, firstResult } from "../../test/support/check-trial.ts";
import { openFakeDocker } from "../../test/support/fake-docker.ts";
import type { CheckResult } from "./check-runner.ts";
import { startDockerCheck, type DockerMethod } from "./docker.ts";

const text = (...pieces: string[]): Uint8Array[] => pieces.map((piece) => Buffer.from(piece));

function frame(stream: number, content: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(content), 4);
  return Buffer.concat([header, Buffer.from(content)]);
}

const framed = Buffer.concat([frame(1, "1\n"), frame(2, "2\n"), frame(1, ""), frame(1, "3\n")]);
const octets = Array.from(framed, (_octet, at) => framed.subarray(at, at + 1));

const docker = await openFakeDocker({
  ok: { output: text("plain out\n") },
  "a b/c": { output: text("odd name") },
  warning: { output: text("so so\n"), exitCode: 1 },
  failing: { output: text("bad\n"), exitCode: 2 },
  silent: {},
  binary: { output: [Buffer.from([0x61, 0xff, 0x62])] },
  long: { output: text("x".repeat(5000), "END") },
  framed: { output: [framed] },
  "framed in octets": { output: octets },
  lasting: { output: text("done\n"), exitCode: 1, runsLonger: 1 },
  gone: { create: [404, '{"message":"No such container: gone"}'] },
  paused: { create: [409, "{}"] },
  refused: { create: [500, '{"message":"boom"}\n'] },
  odd: { create: [201, "nope"] },
  "no exec": { start: [404, "{}"] },
  "paused later": { start: [409, "{}"] },
  unstartable: { start: [500, '{"message":"bang"}'] },
  forgotten: { inspect: [404, "{}"] },
  unknown: { inspect: [500, '{"message":"x"}'] },
  broken: { breaks: "create" },
  hangs: { output: text("partial\n"), breaks: "hangs" },
});
afterAll(() => docker.close());

function methodOf(container: string, timeoutMs = 0): DockerMethod {
  return { kind: "docker", container, args: ["/bin/x", "a b"], intervalMs: 10_000, timeoutMs };
}

function run(container: string, dockerHost = docker.unixHost): Promise<CheckResult> {
  return firstResult((options) => startDockerCheck(methodOf(container), { ...options, dockerHost }));
}

const socketUrl = `http://${encodeURIComponent(docker.unixHost.slice("unix://".length))}`;

// Results of Consul 1.8.7, except that Consul shows frame headers in the output, and counts a running command as passing.
test.each<[string, CheckResult["status"], string]>([
  ["ok", "passing", "plain out\n"],
  ["a b/c", "passing", "odd name"],
  ["warning", "warning", "so so\n"],
  ["failing", "critical", "bad\n"],
  ["silent", "passing", ""],
  ["binary", "passing", "a\ufffdb"],
  ["long", "passing", `Captured 4096 of 5003 bytes\n...\n${"x".repeat(4093)}END`],
  ["framed", "passing", "1\n2\n3\n"],
  ["framed in octets", "passing", "1\n2\n3\n"],
  ["gone", "critical", "create exec failed for unknown container gone"],
  ["paused", "critical", "create exec failed since container paused is paused or stopped"],
  ["refused", "critical", 'create exec failed for container refused with status 500: {"message":"boom"}'],
  ["no exec", "critical", "start exec failed for container no exec: invalid exec id exec-no exec"],
  ["paused later", "critical", "start exec failed since container paused later is paused or stopped"],
  [
    "unstartable",
    "critical",
    'start exec failed for container unstartable with status 500: body: {"message":"bang"} err: <nil>',
  ],
  ["forgotten", "critical", "inspect exec failed for container forgotten: invalid exec id exec-forgotten"],
  ["unknown", "critical", 'inspect exec failed for container unknown with status 500: {"message":"x"}'],
  ["broken", "critical", `create exec failed for container broken: Post "${socketUrl}/containers/broken/exec": EOF`],
])("a Docker check in the container %j is %s and has the output %j", async (container, status, output) => {
  expect(await run(container)).toEqual({ status, output });
});

test("a response of the Docker API that is not JSON makes a Docker check critical, and its output names the cause", async () => {
  const { output } = await run("odd");
  expect(output).toStartWith("create exec response for container odd cannot be parsed: ");
});

test("a Docker check sends the same requests to the Docker API as Consul, over a Unix socket or TCP", async () => {
  const created = '{"AttachStdin":false,"AttachStdout":true,"AttachStderr":true,"Tty":false,"Cmd":["/bin/x","a b"]}';
  const seen = async (dockerHost: string): Promise<readonly string[]> => {
    const before = docker.requests.length;
    expect((await run("ok", dockerHost)).status).toBe("passing");
    return docker.requests.slice(before);
  };
  const requestsTo = (host: string): string[] => [
    `POST /containers/ok/exec ${host} ${created}`,
    `POST /exec/exec-ok/start ${host} {"Detach":false,"Tty":true}`,
    `GET /exec/exec-ok/json ${host} `,
  ];
  const address = docker.tcpHost.slice("tcp://".length);
  expect(await seen(docker.unixHost)).toEqual(requestsTo("docker"));
  expect(await seen(docker.tcpHost)).toEqual(requestsTo(address));
  expect(await seen(`http://${address}/ignored`)).toEqual(requestsTo(address));
});

test("a Docker API that cannot be reached makes a Docker check critical, and its output has the API's address", async () => {
  const failure = async (host: string): Promise<string> => (await run("c", host)).output.replace(/^.*Post /, "");
  const path = "/nonexistent/x";
  expect(await failure(`unix://${path}`)).toBe(
    `"http://%2Fnonexistent%2Fx/containers/c/exec": dial unix ${path}: connect: no such file or directory`,
  );
  expect(await failure("tcp://127.0.0.1:1")).toBe(
    '"http://127.0.0.1:1/containers/c/exec": dial tcp 127.0.0.1:1: connect: connection refused',
  );
  for (const host of ["bogus", "127.0.0.1:2375", "fd://", "unix://"])
    expect((await run("c", host)).output).toStartWith(`unable to parse docker host \`${host}\`: `);
});

test("a Docker check whose command times out is critical, and its output has what the command printed so far", async () => {
  const { unixHost: dockerHost } = docker;
  const trial = new CheckTrial((options) => startDockerCheck(methodOf("hangs", 2_000), { ...options, dockerHost }));
  await trial.startRun();
  await docker.hanging();
  await arrived(); // the check cannot know that the server will send no more
  await trial.clock.advance(2_000);
  expect(await trial.result()).toEqual({ status: "critical", output: "Timed out (2s) running check\n\npartial\n" });
  trial.runner.stop();
  expect(trial.clock.timerCount).toBe(0);
});

test("a Docker check requests the exit code again while Docker reports the command as running", async () => {
  const { unixHost: dockerHost } = docker;
  const trial = new CheckTrial((options) => startDockerCheck(methodOf("lasting"), { ...options, dockerHost }));
  await trial.startRun();
  const before = docker.requests.length;
  const inspected = async (): Promise<void> => {
    while (docker.requests.slice(before).filter((request) => request.startsWith("GET")).length === 0)
      await Bun.sleep(5);
    while (trial.clock.timerCount < 2) await Bun.sleep(5);
  };
  await inspected();
  await trial.clock.advance(100);
  expect(await trial.result()).toEqual({ status: "warning", output: "done\n" });
  trial.runner.stop();
});
