import { messageOf, OperatingError } from "../lib/errors.ts";
import type { CheckDefinition } from "../model/check.ts";
import { requireScriptAllowed, type ScriptPermission } from "../model/script-permission.ts";
import { checksIn, type ServiceDefinition } from "../model/service.ts";
import { decodeCheckDefinition } from "../wire/check-definition.ts";
import { decodeServiceDefinition } from "../wire/service-definition.ts";
import type { RawDefinition } from "./source.ts";
import { formatPlace, type PlacedFault, unusableFile } from "./syntax-tree.ts";
import { decodeWatchDefinition, type WatchDefinition } from "./watch-definition.ts";

/** A mistake in the definition of a service, check or watch. */
export interface DefinitionFault extends PlacedFault {
  readonly file: string;
  /**
   * Whether the agent ignores the whole definition. If false, the agent uses the definition with the change that `message`
   * describes.
   */
  readonly isLeftOut: boolean;
}

export interface Definitions {
  readonly services: readonly ServiceDefinition[];
  readonly checks: readonly CheckDefinition[];
  readonly watches: readonly WatchDefinition[];
  readonly definitionFaults: readonly DefinitionFault[];
  /** Maps each service and check definition to its file, line and column: "agent.hcl:3:7". */
  readonly origins: ReadonlyMap<object, string>;
}

export interface DefinitionOptions {
  readonly outputBytesMax: number;
  readonly scripts: ScriptPermission;
}

/** Decodes the valid definitions, and reports a fault for each invalid one. */
export function readDefinitions(raw: readonly RawDefinition[], options: DefinitionOptions): Definitions {
  const services: ServiceDefinition[] = [];
  const checks: CheckDefinition[] = [];
  const watches: WatchDefinition[] = [];
  const definitionFaults: DefinitionFault[] = [];
  const origins = new Map<object, string>();
  for (const { noun, plain, file, place, faults } of raw) {
    for (const fault of faults) definitionFaults.push({ file, ...fault, isLeftOut: true });
    if (faults.length > 0) continue;
    const addFault = (message: string, isLeftOut: boolean): void => {
      definitionFaults.push({ file, place, message: `${noun} ${nameOf(plain)}: ${message.trimEnd()}`, isLeftOut });
    };
    const { outputBytesMax, scripts } = options;
    const decoding = { source: "file", outputBytesMax, warn: (message: string) => addFault(message, false) } as const;
    try {
      if (noun === "watch") watches.push(decodeWatchDefinition(plain));
      else if (noun === "service") {
        const service = decodeServiceDefinition(plain, decoding);
        for (const check of checksIn(service)) requireScriptAllowed(check, "file", scripts);
        services.push(service);
        origins.set(service, formatPlace(file, place));
      } else {
        const check = decodeCheckDefinition(plain, decoding);
        requireScriptAllowed(check, "file", scripts);
        checks.push(check);
        origins.set(check, formatPlace(file, place));
      }
    } catch (error) {
      addFault(messageOf(error), true);
    }
  }
  return { services, checks, watches, definitionFaults, origins };
}

/**
 * Decodes definitions that must all be valid. Accepts script checks: the agent that registers the definitions decides whether to
 * allow them.
 * @throws OperatingError invalid, with every fault and its file, line and column
 */
export function decodeDefinitions(raw: readonly RawDefinition[], outputBytesMax: number): Definitions {
  const definitions = readDefinitions(raw, { outputBytesMax, scripts: { fromApi: true, fromFiles: true } });
  refuseFaults(definitions);
  return definitions;
}

/** Throws if the agent would ignore a definition. @throws OperatingError invalid, with the faults of all ignored definitions */
export function refuseFaults({ definitionFaults }: Pick<Definitions, "definitionFaults">): void {
  const leftOut = definitionFaults.filter(({ isLeftOut }) => isLeftOut);
  const byFile = Map.groupBy(leftOut, ({ file }) => file);
  const messages = [...byFile].map(([file, faults]) => unusableFile(file, faults).message);
  if (messages.length > 0) throw new OperatingError("invalid", "invalid-config-file", messages.join("\n"));
}

function nameOf(plain: unknown): string {
  const { name, id } = { name: "", id: "", ...(typeof plain === "object" ? plain : {}) };
  const named: unknown = name === "" ? id : name;
  return JSON.stringify(typeof named === "string" ? named : "");
}
