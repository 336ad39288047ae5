import { afterAll, beforeAll, expect, test } from "bun:test";
import * as grpc from "@grpc/grpc-js";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { localhostCertificate } from "../../test/support/certificates.ts";
import { CheckTrial, firstResult } from "../../test/support/check-trial.ts";
import { openUnacceptingPort } from "../../test/support/unaccepting-port.ts";
import type { CheckResult } from "./check-runner.ts";
import { healthCheckPath } from "./grpc-health.ts";
import { startGrpcCheck, type GrpcMethod } from "./grpc.ts";

/** The statuses with which the server answers Health/Check, by the name of the service in the request. */
const servingStatuses: Readonly<Record<string, number>> = { "": 1, up: 1, down: 2, unknown: 0, "service-unknown": 3 };

let plain: grpc.Server;
let secure: grpc.Server;
let plainPort: number;
let securePort: number;
let onSilentCall: () => void = () => {};

const asBytes = (bytes: Buffer): Buffer => bytes;
const definition: grpc.ServiceDefinition = {
  Check: {
    path: healthCheckPath,
    requestStream: false,
    responseStream: false,
    requestSerialize: asBytes,
    requestDeserialize: asBytes,
    responseSerialize: asBytes,
    responseDeserialize: asBytes,
  },
};

function answer(call: grpc.ServerUnaryCall<Buffer, Buffer>, reply: grpc.sendUnaryData<Buffer>): void {
  const service = call.request.subarray(2).toString();
  if (service === "silent") return onSilentCall();
  if (service === "denied") return reply({ code: grpc.status.PERMISSION_DENIED, details: "go away" });
  const status = servingStatuses[service];
  if (status === undefined) return reply({ code: grpc.status.NOT_FOUND, details: "unknown service" });
  reply(null, Buffer.from(status === 0 ? [] : [8, status]));
}

function listen(server: grpc.Server, credentials: grpc.ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", credentials, (error, port) => (error ? reject(error) : resolve(port))),
  );
}

beforeAll(async () => {
  plain = new grpc.Server();
  secure = new grpc.Server();
  for (const server of [plain, secure]) server.addService(definition, { Check: answer });
  plainPort = await listen(plain, grpc.ServerCredentials.createInsecure());
  const { key, cert } = localhostCertificate;
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
  securePort = await listen(secure, grpc.ServerCredentials.createSsl(null, [pair]));
});
afterAll(() => {
  plain.forceShutdown();
  secure.forceShutdown();
});

function methodOf(target: string, change: Partial<GrpcMethod> = {}): GrpcMethod {
  return { kind: "grpc", target, useTls: false, tlsSkipVerify: false, intervalMs: 10_000, timeoutMs: 0, ...change };
}

function check(target: string, change?: Partial<GrpcMethod>): Promise<CheckResult> {
  return firstResult((options) => startGrpcCheck(methodOf(target, change), options));
}

function critical(output: string): CheckResult {
  return { status: "critical", output };
}

test("a gRPC check of a server or service with the status SERVING is passing", async () => {
  for (const target of [`127.0.0.1:${plainPort}`, `127.0.0.1:${plainPort}/`, `localhost:${plainPort}/up`]) {
    expect(await check(target)).toEqual({ status: "passing", output: `gRPC check ${target}: success` });
  }
});

test("a gRPC check of a service with a status other than SERVING is critical", async () => {
  for (const service of ["down", "unknown", "service-unknown"]) {
    const result = await check(`127.0.0.1:${plainPort}/${service}`);
    expect(result).toEqual(critical("gRPC application didn't report service healthy"));
  }
});

test("the output of a failed gRPC check has the error message that the server sent", async () => {
  const unknown = "rpc error: code = NotFound desc = unknown service";
  expect(await check(`127.0.0.1:${plainPort}/a/b`)).toEqual(critical(unknown));
  const denied = "rpc error: code = PermissionDenied desc = go away";
  expect(await check(`127.0.0.1:${plainPort}/denied`)).toEqual(critical(denied));
});

test("a gRPC check of a server without the health service is critical, and the output names the missing service", async () => {
  const bare = new grpc.Server();
  const port = await listen(bare, grpc.ServerCredentials.createInsecure());
  const text = "rpc error: code = Unimplemented desc = The server does not implement the method";
  expect((await check(`127.0.0.1:${port}`)).output).toStartWith(text);
  bare.forceShutdown();
});

const unavailable = 'rpc error: code = Unavailable desc = connection error: desc = "transport: ';

test("the output of a gRPC check has the address and the reason when the connection is refused", async () => {
  const refused = `${unavailable}Error while dialing dial tcp 127.0.0.1:1: connect: connection refused"`;
  expect(await check("127.0.0.1:1/service")).toEqual(critical(refused));
  const refusedV6 = `${unavailable}Error while dialing dial tcp [::1]:1: connect: connection refused"`;
  expect(await check("[::1]:1")).toEqual(critical(refusedV6));
});

test("the output of a gRPC check has the reason when the host name does not resolve", async () => {
  const text = `${unavailable}Error while dialing dial tcp: lookup no-such-name.invalid: no such host"`;
  expect(await check("no-such-name.invalid:1")).toEqual(critical(text));
});

test("the output of a gRPC check has the reason when the target lacks a port", async () => {
  const text = `${unavailable}Error while dialing dial tcp: address 127.0.0.1: missing port in address"`;
  expect(await check("127.0.0.1")).toEqual(critical(text));
});

test("a gRPC check verifies the server's certificate for a host name or IP address, unless it skips verification", async () => {
  const untrusted = `${unavailable}authentication handshake failed: x509: certificate signed by unknown authority"`;
  for (const host of ["localhost", "127.0.0.1"]) {
    const target = `${host}:${securePort}/up`;
    expect(await check(target, { useTls: true })).toEqual(critical(untrusted));
    const skipped = await check(target, { useTls: true, tlsSkipVerify: true });
    expect(skipped).toEqual({ status: "passing", output: `gRPC check ${target}: success` });
  }
});

test("the output of a gRPC check has the reason when the check uses TLS and the server does not, or the reverse", async () => {
  const notTls = `${unavailable}authentication handshake failed: tls: first record does not look like a TLS handshake"`;
  expect(await check(`localhost:${plainPort}`, { useTls: true })).toEqual(critical(notTls));
  const notGrpc = `${unavailable}connection closed: the server does not speak gRPC on this port"`;
  expect(await check(`127.0.0.1:${securePort}`)).toEqual(critical(notGrpc));
});

test("the output of a gRPC check has the reason when the server does not speak gRPC", async () => {
  const talkative = createTcpServer((socket) => socket.on("error", () => {}).end("SSH-2.0-x\r\n"));
  talkative.listen(0, "127.0.0.1");
  await once(talkative, "listening");
  const { port } = talkative.address() as AddressInfo; // address() is a string only for a Unix socket
  const text = `${unavailable}connection closed: the server does not speak gRPC on this port"`;
  expect(await check(`127.0.0.1:${port}`)).toEqual(critical(text));
  talkative.close();
});

const timedOut = critical("rpc error: code = DeadlineExceeded desc = context deadline exceeded");

test("a gRPC check of a server that accepts the connection but does not answer in time is critical", async () => {
  const called = new Promise<void>((resolve) => (onSilentCall = resolve));
  const method = methodOf(`127.0.0.1:${plainPort}/silent`, { timeoutMs: 5_000 });
  const trial = new CheckTrial((options) => startGrpcCheck(method, options));
  await trial.startRun();
  await called;
  await trial.clock.advance(5_000);
  expect(await trial.result()).toEqual(timedOut);
  trial.runner.stop();
  expect(trial.clock.timerCount).toBe(0);
});

test("a gRPC check of an address that does not accept the connection in time is critical", async () => {
  const silent = await openUnacceptingPort();
  const method = methodOf(`127.0.0.1:${silent.port}`, { timeoutMs: 500 });
  const trial = new CheckTrial((options) => startGrpcCheck(method, options));
  await trial.startRun();
  await trial.clock.advance(500);
  expect(await trial.result()).toEqual(timedOut);
  trial.runner.stop();
  silent.close();
});

test("stopping a gRPC check reports nothing and leaves no timer", async () => {
  const called = new Promise<void>((resolve) => (onSilentCall = resolve));
  const method = methodOf(`127.0.0.1:${plainPort}/silent`, { timeoutMs: 60_000 });
  const trial = new CheckTrial((options) => startGrpcCheck(method, options));
  await trial.startRun();
  await called;
  trial.runner.stop();
  await trial.clock.advance(100_000);
  expect([trial.results.length, trial.clock.timerCount]).toEqual([0, 0]);
});
