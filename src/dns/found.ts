import type { ZoneRead } from "./zone-read.ts";
import type { Question, ResourceRecord } from "./message.ts";
import type { Name } from "./name.ts";
import type { ZoneSettings } from "./settings.ts";

/** What is known of a name: nothing of the type that was asked when there are no answers. */
export interface Found {
  readonly answers: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** Instances of one service: whoever takes few is well served with some of them. */
  readonly isChoice?: boolean;
  /** Another client may be told something else. */
  readonly isForClient?: boolean;
}

/** A question below one of our domains, and whom to ask about it. */
export interface ZoneQuestion extends Question {
  /** Ours, that the name ends in: names in the answer end in it too. */
  readonly domain: Name;
  /** Consul: without EDNS an alias brings five records at the most. */
  readonly aliasRecordsMax: number;
  readonly settings: ZoneSettings;
  readonly read: ZoneRead;
  /** In the order in which they are to be told. */
  readonly shuffled: <T>(rows: readonly T[]) => readonly T[];
  /** Records of another name, which may be ours too. */
  readonly follow: (alias: Name) => readonly ResourceRecord[];
}
