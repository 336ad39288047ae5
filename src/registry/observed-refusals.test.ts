import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { ObservedRefusals } from "./observed-refusals.ts";

const web = { accessorId: "a1", description: "web" };

test("equal refusals of a token are one row with their number and times", async () => {
  const clock = new FakeClock();
  const observed = new ObservedRefusals(clock);
  const refusal = { resource: "key", access: "read", name: "a" } as const;
  const firstMs = clock.wallMs();
  observed.add(web, refusal);
  await clock.advance(1000);
  observed.add(web, refusal);
  expect(observed.list()).toEqual([{ ...web, refusals: [{ ...refusal, count: 2, firstMs, lastMs: firstMs + 1000 }] }]);
});

test("refusals beyond the limit are only counted, and known ones still counted in their rows", () => {
  const observed = new ObservedRefusals(new FakeClock());
  for (let each = 0; each < 10_002; each += 1) observed.add(web, { resource: "key", access: "read", name: `${each}` });
  observed.add(web, { resource: "key", access: "read", name: "0" });
  expect(observed.dropped).toBe(2);
  const [token] = observed.list();
  expect(token?.refusals).toHaveLength(10_000);
  expect(token?.refusals[0]).toMatchObject({ name: "0", count: 2 });
});

test("long names do not fill the memory", () => {
  const observed = new ObservedRefusals(new FakeClock());
  for (let each = 0; each < 300; each += 1)
    observed.add(web, { resource: "key", access: "read", name: `${"x".repeat(10_000)}${each}` });
  expect(observed.dropped).toBeGreaterThan(90);
});
