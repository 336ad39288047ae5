import type { ZoneRead } from "./zone-read.ts";
import type { Question, ResourceRecord } from "./message.ts";
import type { Name } from "./name.ts";
import type { ZoneSettings } from "./settings.ts";

/** The records of a name that exists. `answers` is empty if the name has no records of the question's type. */
export interface ZoneAnswer {
  readonly answers: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** Whether the answers are instances of one service, so that some of them are enough for a client. */
  readonly canBePartial?: boolean;
  /** Whether other clients may get different answers, since the answer depends on the client's address. */
  readonly isClientSpecific?: boolean;
}

/** A question for a name below one of this agent's domains, with the settings and functions that the answer needs. */
export interface ZoneQuestion extends Question {
  /** The domain that the name ends in; names in the answer end in it, too. */
  readonly domain: Name;
  /** Maximum number of records that one alias adds to an answer. Consul: five for a client without EDNS. */
  readonly aliasRecordsMax: number;
  readonly settings: ZoneSettings;
  readonly read: ZoneRead;
  /** Returns the rows in random order. */
  readonly shuffled: <T>(rows: readonly T[]) => readonly T[];
  /** Returns the records of an alias's target, from this agent's domains or from recursors. */
  readonly follow: (alias: Name) => readonly ResourceRecord[];
}
