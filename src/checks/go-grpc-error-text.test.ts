import { expect, test } from "bun:test";
import { grpcFailureText } from "./go-grpc-error-text.ts";

test("an error text shows a gRPC status code without a name as its number", () => {
  expect(grpcFailureText({ code: 99, details: "odd" })).toBe("rpc error: code = Code(99) desc = odd");
});

test("the error text for a wrong or expired certificate is the same in gRPC checks as in HTTP checks", () => {
  const words = (last: string): string =>
    grpcFailureText({ code: 14, details: `No connection established. Last error: ${last}. Resolution note: ` });
  const mismatch =
    "Error: Hostname/IP does not match certificate's altnames: " +
    "Host: localhost. is not in the cert's altnames: DNS:other.example";
  expect(words(mismatch)).toContain('handshake failed: x509: certificate is valid for other.example, not localhost"');
  expect(words("Error: certificate has expired")).toContain("x509: certificate has expired or is not yet valid");
  expect(words("Error: something new")).toContain('desc = connection error: desc = "transport: something new"');
});
