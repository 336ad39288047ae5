import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Decision, Hello, Outcome, PromiseAnswer } from "./formation-call.ts";
import type { FormationState, Membership, Promised, SavedFormation } from "./saved-formation.ts";
import type { Asking } from "./server-links.ts";

interface BootstrapOptions {
  /** The node id of this server. */
  readonly id: string;
  readonly name: string;
  readonly expect: number;
  readonly hasLoneData: boolean;
  readonly saved: SavedFormation;
  readonly asking: Asking;
  readonly random: Random;
  readonly log: Log;
}

const answerMsMax = 2_000;

/**
 * How servers agree to begin a cluster.
 *
 * The server with the lowest id among `expect` linked ones is the starter. It opens an attempt, and asks each of the others for the
 * promise to begin with these servers and no others. If all promise, it decides, and tells them; else it closes the attempt, and
 * tells them that. A server is bound by its promise until the starter says what became of the attempt, and asks for that as
 * often as it looks for a cluster.
 *
 * Why no two clusters with a server in common can begin: a server gives one promise at a time, and the starter is bound to its
 * own attempt in the same way. Each step is on disk before another server learns of it: a promise, a decision, and the end of an
 * attempt. An attempt is open once, decided or closed for good, and has an id that no other
 * has; so a late message of an old attempt cannot be taken for one of a new attempt. A server asks for the outcome only after
 * its promise is on disk. Its starter had opened the attempt by then, so the answer "closed" cannot be from before.
 */
export class Bootstrap {
  readonly #options: BootstrapOptions;

  constructor(options: BootstrapOptions) {
    this.#options = options;
  }

  /**
   * Closes the attempt that this server had open when it was stopped, and forgets a cluster that it has not entered if it has got data
   * of its own since.
   */
  async recover(): Promise<void> {
    const { id, saved } = this.#options;
    await saved.change((state) => {
      const promised = state.promised?.to === id ? undefined : state.promised;
      const membership = this.#mayEnter(state.membership) ? state.membership : undefined;
      const isSame = promised === state.promised && membership === state.membership;
      return isSame ? undefined : { ...state, promised, membership };
    });
  }

  /**
   * Begins a cluster, if this server is the one to start it and all others promise.
   * @param seen the linked servers, by node id
   * @returns why no cluster has begun; undefined if one has
   */
  async propose(seen: ReadonlyMap<string, Hello>): Promise<string | undefined> {
    const { id, expect, random, saved } = this.#options;
    if (expect === 0)
      return "a linked server that is in a cluster: this one has no -bootstrap-expect, so it begins none with others";
    const chosen = this.#choose(seen);
    if ("why" in chosen) return chosen.why;
    const { members, founder } = chosen;
    const [starter = id] = members;
    if (starter !== id) return `${seen.get(starter)?.own.name} starts the cluster`;
    const bound = members.find((each) => seen.get(each)?.phase === "promised");
    if (bound !== undefined) return `${seen.get(bound)?.own.name} is bound to another attempt`;
    const attempt = random.uuid();
    const isOpen = await saved.change((state) =>
      state.promised || state.membership ? undefined : { ...state, promised: { to: id, attempt, members } },
    );
    if (!isOpen) return "this server has promised to begin with others";
    return this.#conclude({ attempt, token: random.uuid(), members, founder }, seen);
  }

  /** Gives the promise, or says why not. */
  async promise(asked: Omit<Decision, "token">, from: string): Promise<PromiseAnswer> {
    const { saved } = this.#options;
    let why = "";
    await saved.change((state) => {
      why = this.#refusal(state, asked);
      const { attempt, members } = asked;
      return why === "" && !state.promised ? { ...state, promised: { to: from, attempt, members } } : undefined;
    });
    return { isGiven: why === "", why };
  }

  /** Takes the promise back, as the starter of the attempt has closed it. */
  async release(attempt: string, from: string): Promise<void> {
    await this.#options.saved.change((state) =>
      isPromise(state, attempt) && state.promised?.to === from ? { ...state, promised: undefined } : undefined,
    );
  }

  /** Takes the promise back that this server has given to another one, which is gone for good. @returns false if it has given none */
  releaseFrom(starter: string): Promise<boolean> {
    const { id, saved } = this.#options;
    return saved.change((state) =>
      state.promised?.to === starter && starter !== id ? { ...state, promised: undefined } : undefined,
    );
  }

  /** Takes up the decision of an attempt to which this server is bound. */
  async decided(decision: Decision): Promise<void> {
    const membership = begun(decision);
    await this.#options.saved.change((state) =>
      isPromise(state, decision.attempt) && !state.membership
        ? { ...state, promised: undefined, ...(this.#mayEnter(membership) && { membership }) }
        : undefined,
    );
  }

  /** Says what became of an attempt, as far as this server knows. */
  outcome(attempt: string, starter: string): Outcome {
    const { id, saved } = this.#options;
    const { membership, promised } = saved.state;
    if (membership?.attempt === attempt && membership.founder !== undefined) {
      const { token, members, founder } = membership;
      return { outcome: "decided", decision: { attempt, token, members, founder } };
    }
    if (starter !== id) return { outcome: "unknown" };
    return { outcome: promised?.attempt === attempt ? "open" : "closed" };
  }

  /** Asks the linked servers what became of the attempt to which this server is bound. */
  async inquire({ to, attempt }: Promised, linked: readonly string[]): Promise<void> {
    const { asking } = this.#options;
    const question = { ask: "outcome", attempt, starter: to } as const;
    await Promise.all(
      linked.map(async (server) => {
        const answer = await asking.tryAsk<"outcome">(server, question, answerMsMax);
        if (answer?.outcome === "decided") await this.decided(answer.decision);
        if (answer?.outcome === "closed" && server === to) await this.release(attempt, to);
      }),
    );
  }

  /** Returns the servers that are to begin, in the order of their ids, and the one whose data go in; "" if none has data. */
  #choose(
    seen: ReadonlyMap<string, Hello>,
  ): { readonly members: readonly string[]; readonly founder: string } | { readonly why: string } {
    const { id, name, expect, hasLoneData } = this.#options;
    const other = [...seen.values()].find((hello) => hello.expect !== 0 && hello.expect !== expect);
    if (other) {
      const why = `${other.own.name} has -bootstrap-expect=${other.expect}, and this server ${expect}: use one number on all servers`;
      return { why };
    }
    const candidates = [...seen].filter(([, hello]) => hello.expect === expect);
    const names = [name, ...candidates.map(([, { own }]) => own.name)];
    const double = names.find((each, at) => names.indexOf(each) !== at);
    if (double !== undefined)
      return { why: `two servers have the name ${double}: give each one of its own with -node` };
    const withData = candidates.filter(([, hello]) => hello.hasLoneData);
    const owners = [...(hasLoneData ? [name] : []), ...withData.map(([, { own }]) => own.name)];
    if (owners.length > 1) return { why: severalWithData(owners) };
    if (names.length < expect)
      return { why: `${names.length} of ${expect} servers are here: ${["this one", ...names.slice(1)].join(", ")}` };
    // A server that has data begins the cluster with the others, since later it could only join without its data.
    const founder = hasLoneData ? id : withData[0]?.[0];
    const free = [id, ...candidates.map(([each]) => each)].filter((each) => each !== founder).toSorted();
    const members = [...(founder === undefined ? [] : [founder]), ...free].slice(0, expect).toSorted();
    return { members, founder: founder ?? "" };
  }

  async #conclude(decision: Decision, seen: ReadonlyMap<string, Hello>): Promise<string | undefined> {
    const { id, asking, saved, log } = this.#options;
    const { attempt, members, founder } = decision;
    const others = members.filter((each) => each !== id);
    const refusals = await Promise.all(
      others.map(async (each) => {
        const answer = await asking.tryAsk<"promise">(each, { ask: "promise", attempt, members, founder }, answerMsMax);
        return answer?.isGiven ? [] : [answer?.why ?? `${seen.get(each)?.own.name} does not answer`];
      }),
    );
    const why = refusals.flat()[0];
    const isFirst = (state: FormationState): boolean => isPromise(state, attempt);
    const rest = { promised: undefined, ...(why === undefined && { membership: begun(decision) }) };
    await saved.change((state) => (isFirst(state) ? { ...state, ...rest } : undefined));
    // The others ask for the outcome too, so these messages only save time.
    for (const each of others)
      if (why === undefined) void asking.tryAsk<"decided">(each, { ask: "decided", ...decision }, answerMsMax);
      else void asking.tryAsk<"release">(each, { ask: "release", attempt }, answerMsMax);
    if (why === undefined) log.info("Begins a cluster", { servers: members.join(" "), founder });
    return why;
  }

  /** Returns false if this server would lose data that it got after it had agreed to begin a cluster, when it stood alone again. */
  #mayEnter(membership: Membership | undefined): boolean {
    const { id, hasLoneData } = this.#options;
    if (!hasLoneData || membership?.state !== "new" || membership.founder === id) return true;
    return membership.stage !== "decided" && membership.stage !== "begun";
  }

  /** Returns why this server does not promise; "" if it does. */
  #refusal({ membership, promised }: FormationState, asked: Omit<Decision, "token">): string {
    const { id, name, expect, hasLoneData } = this.#options;
    const { attempt, members, founder } = asked;
    if (membership) return `${name} is in a cluster`;
    if (promised && promised.attempt !== attempt) return `${name} has promised ${promised.to} to begin with others`;
    if (members.length !== expect || !members.includes(id)) return `${name} expects ${expect} servers`;
    if (hasLoneData && founder === "") return `${name} has data of its own`;
    if (hasLoneData && founder !== id) return severalWithData([name, founder]);
    return "";
  }
}

function isPromise({ promised }: FormationState, attempt: string): boolean {
  return promised?.attempt === attempt;
}

function begun({ attempt, token, members, founder }: Decision): Membership {
  const fixed = { stage: "decided", state: "new", isNew: false, raftId: undefined } as const;
  return { ...fixed, attempt, token, members, founder };
}

function severalWithData(names: readonly string[]): string {
  return (
    `${names.join(" and ")} have data of their own, and a cluster can start with the data of one server. Choose it. On each other ` +
    "one: take a backup by 'praetor snapshot save FILE', stop it, delete its data folder, and start it again"
  );
}
