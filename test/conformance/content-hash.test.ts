import { describe, expect, test } from "bun:test";
import { get, registerService, sharedTarget } from "../support/conformance.ts";
import recorded from "./content-hash.json" with { type: "json" };

await sharedTarget();

/** Pairs of a registration and the content hash that Consul 1.8.7 computes for it. */
const hashes = recorded as unknown as readonly (readonly [Parameters<typeof registerService>[0], string])[];

describe("the content hash equals Consul's", () => {
  test.each(hashes.map(([definition, hash]) => [JSON.stringify(definition).slice(0, 100), definition, hash] as const))(
    "for the service %s",
    async (_text, definition, hash) => {
      await registerService(definition);
      const answer = await get(`/v1/agent/service/${encodeURIComponent(definition.ID ?? definition.Name)}`);
      expect(answer.json).toMatchObject({ ContentHash: hash });
      expect(answer.header("X-Consul-Contenthash")).toBe(hash);
    },
  );
});

test("the content hash is compared with Consul's for more than 40 services", () => {
  expect(hashes.length).toBeGreaterThan(40);
});
