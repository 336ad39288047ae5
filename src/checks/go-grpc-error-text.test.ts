import { expect, test } from "bun:test";
import { grpcFailureWords } from "./go-grpc-error-text.ts";

test("a code without a name is given by its number", () => {
  expect(grpcFailureWords({ code: 99, details: "odd" })).toBe("rpc error: code = Code(99) desc = odd");
});

test("a certificate for another name, or one that is over, is told in the words of the other checks", () => {
  const words = (last: string): string =>
    grpcFailureWords({ code: 14, details: `No connection established. Last error: ${last}. Resolution note: ` });
  const mismatch =
    "Error: Hostname/IP does not match certificate's altnames: " +
    "Host: localhost. is not in the cert's altnames: DNS:other.example";
  expect(words(mismatch)).toContain('handshake failed: x509: certificate is valid for other.example, not localhost"');
  expect(words("Error: certificate has expired")).toContain("x509: certificate has expired or is not yet valid");
  expect(words("Error: something new")).toContain('desc = connection error: desc = "transport: something new"');
});
