import { isRecord } from "../../lib/is-record.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { KnownServer } from "./saved-formation.ts";

/*
 * The calls of kind "formation" between servers. Each has a head with `ask`; the answer's head is one of the types below.
 */

export type Question =
  /** Says who the caller is, and asks the same. */
  | { readonly ask: "hello"; readonly own: KnownServer; readonly known: readonly KnownServer[] }
  /** Asks for the promise to begin with these servers, and with no others, until the caller says that the attempt is over. */
  | {
      readonly ask: "promise";
      readonly attempt: string;
      readonly members: readonly string[];
      readonly founder: string;
    }
  /** The attempt is over, and nothing has begun. */
  | { readonly ask: "release"; readonly attempt: string }
  /** All have promised: begin. */
  | ({ readonly ask: "decided" } & Decision)
  /** Asks what has become of an attempt. */
  | { readonly ask: "outcome"; readonly attempt: string; readonly starter: string }
  /** Asks a member to take the caller in, which has no data. */
  | { readonly ask: "take-in"; readonly attempt: string; readonly isNew: boolean }
  /** Asks a server that wants to be taken in whether it still does. */
  | { readonly ask: "confirm"; readonly attempt: string }
  /** Asks a member what the caller is in its cluster; with `promote`, also to make it a voter. */
  | {
      readonly ask: "standing";
      readonly token: string;
      readonly raftId: string | null;
      readonly promote: boolean;
      readonly isNew: boolean;
    };

/** The facts that all servers which begin a cluster must know. */
export interface Decision {
  readonly attempt: string;
  readonly token: string;
  readonly members: readonly string[];
  /** The server whose data go in; "" if none has data. */
  readonly founder: string;
}

/**
 * The state of a server, for others that look for a cluster: "none" if it looks for one itself, "promised" while it is bound to an attempt,
 * "forming" when it knows its cluster and etcd is not ready, "member", and "lost" when it must be taken in anew.
 */
export type Phase = "none" | "promised" | "forming" | "member" | "lost";

export interface Hello {
  readonly own: KnownServer;
  readonly known: readonly KnownServer[];
  /** The -bootstrap-expect of the server; 0 without. */
  readonly expect: number;
  /** Whether it has data of the time when it was alone. */
  readonly hasLoneData: boolean;
  readonly phase: Phase;
  readonly token: string | null;
  /** The node ids of the servers to which it has a link. */
  readonly linked: readonly string[];
}

export interface PromiseAnswer {
  readonly isGiven: boolean;
  readonly why: string;
}

export type Outcome =
  | { readonly outcome: "open" | "closed" | "unknown" }
  | { readonly outcome: "decided"; readonly decision: Decision };

export type TakeInAnswer =
  | { readonly isTaken: false; readonly why: string }
  | {
      readonly isTaken: true;
      readonly token: string;
      /** The id of raft of the new member. */
      readonly raftId: string;
      /** The node ids of all members, with the new one. */
      readonly members: readonly string[];
      readonly known: readonly KnownServer[];
      /** The tokens of the clusters in whose place this one is. */
      readonly givenUp: readonly string[];
      readonly isNew: boolean;
    };

export interface StandingAnswer {
  readonly standing: "voter" | "learner" | "removed" | "unknown" | "other-cluster";
  readonly why: string;
}

const texts: Readonly<Record<Question["ask"], readonly string[]>> = {
  hello: [],
  promise: ["attempt", "founder"],
  release: ["attempt"],
  decided: ["attempt", "token", "founder"],
  outcome: ["attempt", "starter"],
  "take-in": ["attempt"],
  confirm: ["attempt"],
  standing: ["token"],
};

/** @throws OperatingError invalid if the other server's question lacks a field, as that of an incompatible version */
export function decodeQuestion(head: unknown): Question {
  if (isRecord(head) && isSound(head)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each field that is used is checked
    return head as unknown as Question;
  }
  const message = "the server's call `formation` lacks a field; run the same version on all servers";
  throw new OperatingError("invalid", "invalid-formation", message);
}

function isSound(head: Readonly<Record<string, unknown>>): boolean {
  const { ask, own, known, members } = head;
  if (typeof ask !== "string" || !isAsk(ask)) return false;
  if (ask === "hello" && !(isKnown(own) && Array.isArray(known) && known.every(isKnown))) return false;
  if ((ask === "promise" || ask === "decided") && !isTexts(members)) return false;
  return texts[ask].every((name) => typeof head[name] === "string");
}

function isAsk(ask: string): ask is Question["ask"] {
  return Object.hasOwn(texts, ask);
}

function isKnown(value: unknown): value is KnownServer {
  if (!isRecord(value)) return false;
  const { id, name, address, port, start } = value;
  return isTexts([id, name, address]) && Number.isSafeInteger(port) && Number.isSafeInteger(start);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
