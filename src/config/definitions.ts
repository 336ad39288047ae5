import { messageOf } from "../lib/errors.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { decodeCheckDefinition } from "../wire/check-definition.ts";
import { decodeServiceDefinition } from "../wire/service-definition.ts";
import type { RawDefinition } from "./source.ts";
import { unusableFile } from "./syntax-tree.ts";

/** @throws OperatingError invalid: the first definition that is not allowed, with its file and line */
export function decodeDefinitions(
  raw: readonly RawDefinition[],
  outputBytesMax: number,
): { services: readonly ServiceDefinition[]; checks: readonly CheckDefinition[] } {
  const services: ServiceDefinition[] = [];
  const checks: CheckDefinition[] = [];
  for (const definition of raw)
    try {
      const options = { source: "file", outputBytesMax } as const;
      if (definition.noun === "service") services.push(decodeServiceDefinition(definition.plain, options));
      else checks.push(decodeCheckDefinition(definition.plain, options));
    } catch (error) {
      const message = `${definition.noun} ${nameOf(definition.plain)}: ${messageOf(error).trimEnd()}`;
      throw unusableFile(definition.file, [{ place: definition.place, message }]);
    }
  return { services, checks };
}

function nameOf(plain: unknown): string {
  const named = typeof plain === "object" && plain !== null && "name" in plain ? plain.name : "";
  return JSON.stringify(typeof named === "string" ? named : "");
}
