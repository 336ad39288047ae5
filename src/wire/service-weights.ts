import type { ServiceWeights } from "../model/service.ts";
import { fieldNames, JsonFields, type WireSource } from "./json-fields.ts";

/** Maximum weight: a weight has 16 bits in a DNS SRV record. */
const weightMax = 65_535;
const names = fieldNames(["Passing", "Warning"]);
const defaultWeights: ServiceWeights = { passing: 1, warning: 1 };

/**
 * Decodes a service's weights; 1 and 1 when absent. If only one is given, the other is 0 in the API and 1 in a file.
 * @throws OperatingError invalid, code "decode"
 */
export function decodeWeights(json: unknown, source: WireSource): ServiceWeights {
  if (json === undefined) return defaultWeights;
  const fields = new JsonFields(json, { names, source, where: source === "file" ? "service.weights" : "Weights" });
  const weight = (field: string): number => (source === "file" && !fields.has(field) ? 1 : fields.int(field));
  return { passing: weight("Passing"), warning: weight("Warning") };
}

/** Returns Consul's reason for refusing the weights; undefined when they are valid. */
export function weightsFault({ passing, warning }: ServiceWeights): string | undefined {
  if (passing < 1) return "Passing must be greater than 0";
  if (warning < 0) return "Warning must be greater or equal than 0";
  if (passing > weightMax || warning > weightMax) return `DNS Weight must be between 0 and ${weightMax}`;
  return undefined;
}
