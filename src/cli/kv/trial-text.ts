import type { KvTrialJson, KvTrialServiceJson } from "../../wire/kv-trial.ts";
import { counted } from "../migration/inventory.ts";
import { printable } from "../printable.ts";

/** Returns how a trial ended as lines: the result, the reason, and the keys that the undoing has left. */
export function endText({ Outcome, Why, Keys }: KvTrialJson): string {
  const why = printable(Why ?? "");
  if (Outcome === "kept") return `Kept ${counted(Keys.length, "key")}: ${why}\n`;
  const left = Keys.filter(({ State }) => State === "left");
  const restored = Keys.filter(({ State }) => State === "restored").length;
  const lines = [
    `Undone: ${why}`,
    `${counted(restored, "key")} ${restored === 1 ? "has its" : "have their"} old ${restored === 1 ? "value" : "values"} again.`,
    ...left.map(({ Key }) => `Left as it is, since another writer has changed it: ${printable(Key)}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Returns the services with their status in one line: "web passing, db critical (db-ttl on gw)". */
export function servicesText(services: readonly KvTrialServiceJson[]): string {
  return services
    .map(({ Service, Status = "", CheckID, Node }) => {
      const check = CheckID === undefined ? "" : ` (${printable(CheckID)} on ${printable(Node ?? "")})`;
      return `${printable(Service)} ${Status}${check}`;
    })
    .join(", ");
}

/** Returns the stage as text: "stage 1 of 3"; "" if the trial has one only. */
export function stageText({ Stage, Stages }: KvTrialJson): string {
  return Stages === 1 ? "" : `stage ${Stage} of ${Stages}`;
}
