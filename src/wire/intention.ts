import { fieldNames, JsonFields } from "./json-fields.ts";

/** The fields of an intention that are needed to validate it. */
export interface Intention {
  readonly id: string;
  readonly sourceName: string;
  readonly destinationName: string;
  readonly action: string;
}

/** Decodes the fields of an intention. @throws OperatingError invalid, code "decode" */
export function decodeIntention(json: unknown): Intention {
  const fields = new JsonFields(json, { names, source: "api", where: "" });
  return {
    id: fields.string("ID"),
    sourceName: fields.string("SourceName"),
    destinationName: fields.string("DestinationName"),
    action: fields.string("Action", "structs.IntentionAction"),
  };
}

const names = fieldNames([
  ...["ID", "Description", "SourceNS", "SourceName", "DestinationNS", "DestinationName", "SourceType", "Action"],
  ...["DefaultAddr", "DefaultPort", "Meta", "Precedence", "CreatedAt", "UpdatedAt", "Hash"],
  ...["CreateIndex", "ModifyIndex"],
]);

/** Returns Consul's texts for the missing and invalid fields. */
export function intentionFaults({ sourceName, destinationName, action }: Intention): string[] {
  return [
    ...(sourceName === "" ? ["SourceName must be set"] : []),
    ...(destinationName === "" ? ["DestinationName must be set"] : []),
    ...(action === "allow" || action === "deny" ? [] : ["Action must be set to 'allow' or 'deny'"]),
  ];
}
