import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as grpc from "@grpc/grpc-js";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { newTestAuthority } from "../../test/support/authority.ts";
import { firstResult } from "../../test/support/check-trial.ts";
import type { CheckTls } from "./check-tls.ts";
import type { CheckResult } from "./check-runner.ts";
import { healthCheckPath } from "./grpc-health.ts";
import { startGrpcCheck } from "./grpc.ts";
import { startHttpCheck } from "./http.ts";

const authority = newTestAuthority();
const stranger = newTestAuthority();
const shown = authority.issue({ dnsNames: ["gateway.plant"], ipAddresses: [] });
const own = authority.issue({ commonName: "the agent" });
const tls: CheckTls = {
  ...{ serverName: "gateway.plant", authorities: [authority.certificate], own },
  ...{ minVersion: 0x0303, ciphers: undefined },
};

/** The server name that the client of the last connection asked for, and the suite of the connection. */
let seen: { readonly serverName: string; readonly suite: string | undefined };
let server: Server;
let healthServer: grpc.Server;
let port: number;
let grpcPort: number;
const tls12 = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;

beforeAll(async () => {
  const demands = { ...shown, ca: authority.certificate, requestCert: true, rejectUnauthorized: true };
  server = createServer({ ...demands, ...tls12 }, (socket: TLSSocket) => {
    seen = { serverName: String(socket.servername), suite: socket.getCipher()?.name };
    socket.on("error", () => {}).on("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port; // address() is a string only for a Unix socket
  healthServer = new grpc.Server();
  const asBytes = (bytes: Buffer): Buffer => bytes;
  healthServer.addService(
    {
      Check: {
        ...{ path: healthCheckPath, requestStream: false, responseStream: false },
        ...{ requestSerialize: asBytes, requestDeserialize: asBytes },
        ...{ responseSerialize: asBytes, responseDeserialize: asBytes },
      },
    },
    { Check: (_call: unknown, reply: grpc.sendUnaryData<Buffer>) => reply(null, Buffer.from([8, 1])) },
  );
  const pair = { private_key: Buffer.from(shown.key), cert_chain: Buffer.from(shown.cert) };
  const credentials = grpc.ServerCredentials.createSsl(Buffer.from(authority.certificate), [pair], true);
  grpcPort = await new Promise<number>((resolve, reject) =>
    healthServer.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
  );
});
afterAll(() => {
  server.close();
  healthServer.forceShutdown();
});

const times = { intervalMs: 10_000, timeoutMs: 0 };

function checkHttp(agentTls: CheckTls, tlsSkipVerify = false): Promise<CheckResult> {
  const method = { kind: "http", url: `https://127.0.0.1:${port}/`, method: "", headers: {}, body: "" } as const;
  return firstResult((options) => startHttpCheck({ ...method, tlsSkipVerify, ...times }, options), { agentTls });
}

function checkGrpc(agentTls: CheckTls, tlsSkipVerify = false): Promise<CheckResult> {
  const method = { kind: "grpc", target: `127.0.0.1:${grpcPort}`, useTls: true } as const;
  return firstResult((options) => startGrpcCheck({ ...method, tlsSkipVerify, ...times }, options), { agentTls });
}

describe.each([
  ["HTTPS", checkHttp],
  ["gRPC", checkGrpc],
] as const)("a check by %s that uses the agent's TLS", (_, check) => {
  test("presents the agent's certificate, and verifies the server by the agent's CA and the server name", async () => {
    expect(await check(tls)).toMatchObject({ status: "passing" });
  });

  test("is critical when the server's certificate has another name", async () => {
    const { status, output } = await check({ ...tls, serverName: "gw" });
    expect([status, output]).toEqual([
      "critical",
      expect.stringContaining("x509: certificate is valid for gateway.plant, not gw"),
    ]);
  });

  test("is critical when another authority has signed the server's certificate", async () => {
    const { status, output } = await check({ ...tls, authorities: [stranger.certificate] });
    expect([status, output]).toEqual([
      "critical",
      expect.stringContaining("x509: certificate signed by unknown authority"),
    ]);
  });

  test("is critical when the server demands a certificate that the agent does not have", async () => {
    expect(await check({ ...tls, own: undefined })).toMatchObject({ status: "critical" });
    expect(await check({ ...tls, own: stranger.issue() })).toMatchObject({ status: "critical" });
  });

  test("verifies no server with tls_skip_verify, and presents the agent's certificate", async () => {
    const other = { ...tls, serverName: "gw", authorities: [stranger.certificate] };
    expect(await check(other, true)).toMatchObject({ status: "passing" });
  });
});

test("a check by HTTPS that uses the agent's TLS sends the server name and the agent's cipher suites", async () => {
  await checkHttp({ ...tls, ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" });
  expect(seen).toEqual({ serverName: "gateway.plant", suite: "ECDHE-ECDSA-AES256-GCM-SHA384" });
});

test("a check that uses the agent's TLS accepts no version below the agent's minimum", async () => {
  expect(await checkHttp({ ...tls, minVersion: 0x0304 })).toMatchObject({ status: "critical" });
});
