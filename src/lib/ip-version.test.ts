import { expect, test } from "bun:test";
import fc from "fast-check";
import { isIP } from "node:net";
import { ipVersion } from "./ip-version.ts";

test("ipVersion agrees with node:net's isIP on IP addresses", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => ipVersion(text) === isIP(text)));
});

test("ipVersion agrees with node:net's isIP on texts that resemble an IP address", () => {
  const piece = fc.constantFrom(":", "::", ".", "1", "255", "256", "01", "ffff", "g", "1.2.3.4", "10.0.0.1", "0");
  const text = fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, (nearly) => {
      expect(`${nearly} ${ipVersion(nearly)}`).toBe(`${nearly} ${isIP(nearly)}`);
    }),
    { numRuns: 5_000 },
  );
});
