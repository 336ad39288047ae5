import { messageOf } from "../lib/errors.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { decodeCheckDefinition } from "../wire/check-definition.ts";
import { decodeServiceDefinition } from "../wire/service-definition.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import type { RawDefinition } from "./source.ts";
import { unusableFile } from "./syntax-tree.ts";
import { decodeWatchDefinition, type WatchDefinition } from "./watch-definition.ts";

/** @throws OperatingError invalid: the first definition that is not allowed, with its file and line */
export function decodeDefinitions(
  raw: readonly RawDefinition[],
  outputBytesMax: number,
): Pick<RuntimeConfig, "services" | "checks" | "watches"> {
  const services: ServiceDefinition[] = [];
  const checks: CheckDefinition[] = [];
  const watches: WatchDefinition[] = [];
  for (const definition of raw)
    try {
      const options = { source: "file", outputBytesMax } as const;
      if (definition.noun === "service") services.push(decodeServiceDefinition(definition.plain, options));
      else if (definition.noun === "check") checks.push(decodeCheckDefinition(definition.plain, options));
      else watches.push(decodeWatchDefinition(definition.plain));
    } catch (error) {
      const message = `${definition.noun} ${nameOf(definition.plain)}: ${messageOf(error).trimEnd()}`;
      throw unusableFile(definition.file, [{ place: definition.place, message }]);
    }
  return { services, checks, watches };
}

function nameOf(plain: unknown): string {
  const named = typeof plain === "object" && plain !== null && "name" in plain ? plain.name : "";
  return JSON.stringify(typeof named === "string" ? named : "");
}
