import type { ZoneRead } from "./zone-read.ts";
import type { Question, ResourceRecord } from "./message.ts";
import type { Name } from "./name.ts";
import type { ZoneSettings } from "./settings.ts";

/** The records of a name that exists; no answers if it has none of the question's type. */
export interface ZoneAnswer {
  readonly answers: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** The answers are instances of one service, so a client can do with some of them. */
  readonly canBePartial?: boolean;
  /** Another client may get other answers. */
  readonly isClientSpecific?: boolean;
}

/** A question below one of this agent's domains, with what answering it needs. */
export interface ZoneQuestion extends Question {
  /** The domain that the name ends in; names in the answer end in it, too. */
  readonly domain: Name;
  /** Consul: records at most that one alias adds to an answer, five for a client without EDNS. */
  readonly aliasRecordsMax: number;
  readonly settings: ZoneSettings;
  readonly read: ZoneRead;
  /** Returns the rows in random order. */
  readonly shuffled: <T>(rows: readonly T[]) => readonly T[];
  /** Returns the records of an alias's target, from this agent's domains or from recursors. */
  readonly follow: (alias: Name) => readonly ResourceRecord[];
}
