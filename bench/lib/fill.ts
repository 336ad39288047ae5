import { forEachAtOnce, numbersBelow } from "./at-once.ts";
import type { Contender } from "./contender.ts";

export interface Filling {
  readonly keys?: number;
  readonly services?: number;
}

/** The number of keys and services of a filled contender, for the benchmark rows that measure such a contender. */
export const filling: Required<Filling> = { keys: 10_000, services: 1_000 };
export const keyBytes = 128;

/** Writes keys with values of 128 bytes, and registers services with one check each. @throws Error if a request fails */
export async function fill(contender: Contender, { keys = 0, services = 0 }: Filling): Promise<void> {
  await forEachAtOnce(numbersBelow(keys), async (key) => {
    if (!(await contender.tryPut(keyPath(key), keyValue(key))))
      throw new Error(`${contender.name} takes no key ${key}`);
  });
  await forEachAtOnce(numbersBelow(services), (service) =>
    contender.put("/v1/agent/service/register", registration(service)),
  );
}

export function keyPath(key: number): string {
  return `bench/filled/${key}`;
}

export function keyValue(key: number): string {
  return `${key} `.padEnd(keyBytes, "x");
}

export function serviceName(service: number): string {
  return `device-${service}`;
}

/** Returns a service's registration. Its TTL check is passing for a day, so the agent does no work for the check. */
function registration(service: number): object {
  const name = serviceName(service);
  const check = { CheckID: `check-${service}`, Name: `Health Check: ${name}`, TTL: "24h", Status: "passing" };
  return { ID: name, Name: name, Address: "127.0.0.1", Port: 8_080, Tags: ["bench"], Check: check };
}
