import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { messageOf } from "../../../src/lib/errors.ts";
import { FakeRandom } from "../fake-random.ts";
import { tellProgress } from "../progress.ts";
import { scratchPlace } from "../scratch-place.ts";
import { contentAfter, type Cut, type FolderContent, hashOf } from "./crash-state.ts";
import type { Disk } from "./disk.ts";
import { powerCuts } from "./power-cuts.ts";
import { checkedRevision, commitNext } from "./small-store.ts";
import type { FileEvent } from "./system-calls.ts";

export interface TrialOptions {
  /** Prefix of each progress line that the trial prints. */
  readonly title?: string;
  readonly seed: number;
  /** The trial cuts the power at every moment whose number is a multiple of this one. */
  readonly everyMoment: number;
  /** Number of random combinations that are tried at each moment. */
  readonly chances: number;
  /** Maximum number of faults: the trial reports faults and continues until it has found this number. */
  readonly failuresMax: number;
}

/** The batches that a store must hold at a moment: all up to `least`, none after `most`. */
export interface Promised {
  readonly least: number;
  readonly most: number;
}

/** A disk after a power cut, from which a further trial can start. */
export interface LeftState {
  /** The files and folders, by paths below the program's folder. */
  readonly content: FolderContent;
  readonly promised: Promised;
}

export interface Outcome {
  /** Number of moments at which the power was cut. */
  readonly moments: number;
  /** Number of distinct states of the disk that the cuts left. */
  readonly states: number;
  readonly failures: readonly string[];
  /** Some of the states of the disk from which the store started. */
  readonly samples: readonly LeftState[];
}

const samplesMax = 40;

/** Derives from a recording each state in which a power cut can leave the disk, and opens the store on each. */
export class PowerCutTrial {
  readonly #failures: string[] = [];
  readonly #samples: LeftState[] = [];
  #states = 0;
  #moments = 0;
  readonly #root: string;
  readonly #options: TrialOptions;
  readonly #random: FakeRandom;
  /** For each tried state of the disk, by its hash, the revision of its store. */
  readonly #revisions = new Map<bigint, number>();
  readonly #folder: string = mkdtempSync(join(scratchPlace(), "praetor-power-cut-"));
  #promised: Promised = { least: 0, most: 0 };
  #calls = 0;

  /** Creates a trial without results. @param root the folder of the recorded program, whose store is in `root`/data */
  constructor(root: string, options: TrialOptions) {
    this.#root = root;
    this.#options = options;
    this.#random = new FakeRandom(options.seed);
  }

  get outcome(): Outcome {
    return { moments: this.#moments, states: this.#states, failures: this.#failures, samples: this.#samples };
  }

  /** Applies the system calls of one program to the disk, and cuts the power after each or, with `everyMoment`, some of them. */
  run(disk: Disk, events: readonly FileEvent[], promised: Promised = this.#promised): void {
    this.#promised = promised;
    for (const event of events) {
      disk.apply(event);
      this.#calls++;
      if (event.kind === "say") this.#promised = promisedAfter(this.#promised, event.text);
      if (event.kind === "open" && !event.makes) continue;
      if (this.#calls % this.#options.everyMoment === 0) this.#cutAt(disk, `call ${this.#calls} (${titleOf(event)})`);
    }
    disk.endProgram();
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #cutAt(disk: Disk, moment: string): void {
    this.#moments++;
    tellProgress(() => `${this.#options.title ?? ""}${this.#states} states after ${this.#moments} power cuts`);
    for (const cut of powerCuts(disk, this.#random, this.#options.chances)) {
      if (this.#failures.length >= this.#options.failuresMax) return;
      this.#try(contentAfter(disk, cut), `${moment}, keeping ${titleOfCut(cut)}`);
    }
  }

  #try(content: FolderContent, title: string): void {
    try {
      const revision = this.#revisionOf(content);
      const { least, most } = this.#promised;
      if (revision < least) throw new Error(`batch ${least} was acknowledged, and the store ends with ${revision}`);
      if (revision > most) throw new Error(`the store has batch ${revision}, and only ${most} were written`);
    } catch (error) {
      this.#failures.push(`seed ${this.#options.seed}, ${title}: ${messageOf(error)}`);
    }
  }

  #revisionOf(content: FolderContent): number {
    const hash = hashOf(content);
    const known = this.#revisions.get(hash);
    if (known !== undefined) return known;
    this.#states++;
    const folder = join(this.#folder, "root");
    rmSync(folder, { recursive: true, force: true });
    writeContent(relativeTo(this.#root, content), folder);
    const revision = checkedRevision(join(folder, "data"));
    if (this.#states % 8 === 0) this.#goOn(join(folder, "data"), revision);
    if (this.#states % 20 === 0) this.#keepSample(content, revision);
    this.#revisions.set(hash, revision);
    return revision;
  }

  /** Adds the state to the samples, or replaces a random sample, so that the samples come from the whole trial. */
  #keepSample(content: FolderContent, revision: number): void {
    const place = Math.floor(this.#random.uniform() * Math.min(samplesMax, this.#samples.length + 1));
    this.#samples[place] = {
      content: relativeTo(this.#root, content),
      promised: { least: revision, most: revision },
    };
  }

  /** Expects that the store in a folder accepts the next batch. */
  #goOn(folder: string, revision: number): void {
    commitNext(folder);
    const after = checkedRevision(folder);
    if (after !== revision + 1) throw new Error(`after batch ${revision + 1} was committed it has batch ${after}`);
  }
}

function relativeTo(root: string, content: FolderContent): FolderContent {
  return new Map([...content].map(([path, bytes]) => [relative(root, path), bytes]));
}

/** Writes the files and folders below `target`. */
export function writeContent(content: FolderContent, target: string): void {
  for (const [path, bytes] of content) {
    if (bytes === "folder") mkdirSync(join(target, path), { recursive: true });
    else writeFileSync(join(target, path), bytes);
  }
}

function promisedAfter(before: Promised, said: string): Promised {
  let { least, most } = before;
  for (const [, word, number] of said.matchAll(/(begins|holds) (\d+)/g)) {
    most = Math.max(most, Number(number));
    if (word === "holds") least = Math.max(least, Number(number));
  }
  return { least, most };
}

function titleOf(event: FileEvent): string {
  if (event.kind === "say") return event.text.trim();
  if (event.kind === "write") return `write of ${event.data.byteLength} bytes at ${event.at ?? "its place"}`;
  return "path" in event ? `${event.kind} ${event.path}` : event.kind;
}

function titleOfCut({ title, noise }: Cut): string {
  return noise === undefined ? title : `${title}, over noise`;
}
