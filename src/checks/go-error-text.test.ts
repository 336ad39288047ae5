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
import { dialErrorText, isCertificateError, tlsErrorText } from "./go-error-text.ts";

interface Trust {
  readonly servername?: string;
  readonly ca?: string;
}

type Handshake = (port: number, trust: Trust) => Promise<unknown>;

/** The TLS stacks of HTTP checks (Bun.connect) and gRPC checks (node:tls), whose errors differ. */
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

describe.each(Object.entries(handshakes))("for a TLS handshake of %s", (_name, handshake) => {
  /**
   * Returns the error of a TLS handshake with a server that presents `certificate`. The client trusts it, unless `trust.ca`
   * differs.
   */
  async function handshakeError(certificate: TestCertificate, trust: Trust): Promise<unknown> {
    const server = createServer(certificate, (socket) => socket.on("error", () => {}).end());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // address() is a string only for a Unix socket
    try {
      return await handshake(port, { ca: certificate.cert, ...trust });
    } finally {
      server.close();
    }
  }

  test("the error text for a certificate of another name lists the certificate's names", async () => {
    const error = await handshakeError(otherCertificate, { servername: "localhost" });
    expect(tlsErrorText(error)).toBe("x509: certificate is valid for other.example, not localhost");
  });

  test("the error text for a certificate without the server's IP address names that address", async () => {
    const error = await handshakeError(localhostCertificate, {});
    expect(tlsErrorText(error)).toBe(
      "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    );
  });

  test("the error text for an expired certificate states that it has expired", async () => {
    const error = await handshakeError(expiredCertificate, { servername: "localhost" });
    expect(tlsErrorText(error)).toBe("x509: certificate has expired or is not yet valid: it has expired");
    expect(isCertificateError(error)).toBe(true);
  });

  test("the error text for a certificate of an unknown authority states that the authority is unknown", async () => {
    const error = await handshakeError(localhostCertificate, { servername: "localhost", ca: otherCertificate.cert });
    expect(tlsErrorText(error)).toBe("x509: certificate signed by unknown authority");
  });
});

test("an error that is no TLS error is not translated to one of Go's TLS messages", () => {
  expect(tlsErrorText(new Error("x"))).toBeUndefined();
});

const target = { host: "gateway", port: 80 };

test("when no address of a host can be connected to, the error text is that of the first address", () => {
  const first = Object.assign(new Error("x"), { code: "EHOSTUNREACH", address: "10.0.0.1" });
  const second = Object.assign(new Error("y"), { code: "ENETUNREACH", address: "fd00::1" });
  const words = "dial tcp 10.0.0.1:80: connect: no route to host";
  expect(dialErrorText(new AggregateError([first, second]), target)).toBe(words);
  expect(dialErrorText(second, target)).toBe("dial tcp [fd00::1]:80: connect: network is unreachable");
});

test("an error whose code has no known Go text keeps the system's message", () => {
  const words = "dial tcp gateway:80: something new";
  expect(dialErrorText(new Error("something new"), target)).toBe(words);
});

test("the error text of a failed DNS look-up has the host name and the reason", () => {
  const failed = (code: string): string => dialErrorText({ syscall: "getaddrinfo", code }, target);
  expect(failed("ENOTFOUND")).toBe("dial tcp: lookup gateway: no such host");
  expect(failed("EAI_AGAIN")).toBe("dial tcp: lookup gateway: Temporary failure in name resolution");
  expect(failed("EXOTIC")).toBe("dial tcp: lookup gateway: EXOTIC");
});
