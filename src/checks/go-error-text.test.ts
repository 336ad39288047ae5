import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import {
  expiredCertificate,
  localhostCertificate,
  otherCertificate,
  type TestCertificate,
} from "../../test/support/certificates.ts";
import { dialErrorWords, isCertificateError, tlsErrorWords } from "./go-error-text.ts";

interface Trust {
  readonly servername?: string;
  readonly ca?: string;
}

type Handshake = (port: number, trust: Trust) => Promise<unknown>;

/** What checks by HTTP use, and what checks by gRPC use: each has errors of its own making. */
const handshakes: Readonly<Record<string, Handshake>> = {
  "Bun.connect": async (port, { servername, ca }) => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const name = servername === undefined ? {} : { serverName: servername };
    const tls = { ...name, ...(ca !== undefined && { ca }), rejectUnauthorized: true };
    const handshake = (_socket: Bun.Socket, _isSecure: boolean, error: unknown): void => resolve(error);
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, tls, socket: { handshake, data: () => {} } });
    return promise.finally(() => socket.terminate());
  },
  "node:tls": async (port, trust) => {
    const [error] = await once(connect({ port, host: "127.0.0.1", ...trust }), "error");
    return error;
  },
};

describe.each(Object.entries(handshakes))("with %s", (_name, handshake) => {
  /** What a real handshake with a server that shows `certificate` fails with, when the client trusts that certificate. */
  async function handshakeError(certificate: TestCertificate, trust: Trust): Promise<unknown> {
    const server = createServer(certificate, (socket) => socket.on("error", () => {}).end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // a TCP server's address is never a path
    try {
      return await handshake(port, { ca: certificate.cert, ...trust });
    } finally {
      server.close();
    }
  }

  test("a certificate for another name says for which", async () => {
    const error = await handshakeError(otherCertificate, { servername: "localhost" });
    expect(tlsErrorWords(error)).toBe("x509: certificate is valid for other.example, not localhost");
  });

  test("a certificate that is not for an address says so", async () => {
    const error = await handshakeError(localhostCertificate, {});
    expect(tlsErrorWords(error)).toBe(
      "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    );
  });

  test("a certificate that is over says so", async () => {
    const error = await handshakeError(expiredCertificate, { servername: "localhost" });
    expect(tlsErrorWords(error)).toBe("x509: certificate has expired or is not yet valid: it has expired");
    expect(isCertificateError(error)).toBe(true);
  });

  test("a certificate that nobody vouches for says so", async () => {
    const error = await handshakeError(localhostCertificate, { servername: "localhost", ca: otherCertificate.cert });
    expect(tlsErrorWords(error)).toBe("x509: certificate signed by unknown authority");
  });
});

test("an error of another sort is not one of TLS", () => {
  expect(tlsErrorWords(new Error("x"))).toBeUndefined();
});

const target = { host: "gateway", port: 80 };

test("of the errors of several addresses, the first is told", () => {
  const first = Object.assign(new Error("x"), { code: "EHOSTUNREACH", address: "10.0.0.1" });
  const second = Object.assign(new Error("y"), { code: "ENETUNREACH", address: "fd00::1" });
  const words = "dial tcp 10.0.0.1:80: connect: no route to host";
  expect(dialErrorWords(new AggregateError([first, second]), target)).toBe(words);
  expect(dialErrorWords(second, target)).toBe("dial tcp [fd00::1]:80: connect: network is unreachable");
});

test("an error without known words keeps its own", () => {
  const words = "dial tcp gateway:80: something new";
  expect(dialErrorWords(new Error("something new"), target)).toBe(words);
});

test("a failed look-up names what was looked up, and why", () => {
  const failed = (code: string): string => dialErrorWords({ syscall: "getaddrinfo", code }, target);
  expect(failed("ENOTFOUND")).toBe("dial tcp: lookup gateway: no such host");
  expect(failed("EAI_AGAIN")).toBe("dial tcp: lookup gateway: Temporary failure in name resolution");
  expect(failed("EXOTIC")).toBe("dial tcp: lookup gateway: EXOTIC");
});
