import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atLength } from "../support/at-length.ts";
import { Disk } from "../support/power-cut/disk.ts";
import { tellFigures } from "../support/progress.ts";
import { recordRun, type Run, whyNoRecording } from "../support/power-cut/recording.ts";
import type { FileEvent } from "../support/power-cut/system-calls.ts";
import {
  type LeftState,
  type Outcome,
  PowerCutTrial,
  type TrialOptions,
  writeContent,
} from "../support/power-cut/trial.ts";

const seed = Number(process.env["SEED"] ?? 1);
const reason = whyNoRecording();
const skipped = reason === undefined ? "" : ` (skipped: ${reason})`;
const everyChance = atLength({ short: 2, long: 6 });

const usual: TrialOptions = { seed, everyMoment: 1, chances: 2, failuresMax: 5 };

async function withRoot<T>(use: (root: string) => T | Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), "praetor-power-cut-"));
  try {
    return await use(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

interface Plan extends Partial<TrialOptions> {
  /** The runs of the program, one after the other on the same folder, which is empty at first. */
  readonly runs: readonly Run[];
  /** Selects the system calls that the recording omits, as if the store had not made them. */
  readonly without?: (event: FileEvent) => boolean;
}

/**
 * Records the runs, simulates power cuts after their system calls, and opens the store on each disk that a cut can leave. Returns
 * the faults found and the numbers of cuts and disks.
 */
async function cutPower({ runs, without = () => false, ...options }: Plan): Promise<Outcome> {
  return withRoot((root) => {
    const trial = new PowerCutTrial(root, { ...usual, ...options });
    try {
      const disk = new Disk(root);
      for (const run of runs)
        trial.run(
          disk,
          recordRun(root, run).filter((event) => !without(event)),
        );
      return trial.outcome;
    } finally {
      trial.close();
    }
  });
}

/** Starts the program on a disk that a power cut left, and cuts the power again. Returns the same as `cutPower`. */
function cutPowerAgain({ content, promised }: LeftState, options: Partial<TrialOptions>): Promise<Outcome> {
  return withRoot((root) => {
    const trial = new PowerCutTrial(root, { ...usual, ...options });
    try {
      writeContent(content, root);
      const disk = Disk.of(content, root);
      trial.run(disk, recordRun(root, { batches: atLength({ short: 5, long: 15 }), end: "leave" }), promised);
      return trial.outcome;
    } finally {
      trial.close();
    }
  });
}

/** The whole life of a store: created, folded and closed; killed; started again and killed; started once more. */
const wholeLife: readonly Run[] = [
  { batches: atLength({ short: 14, long: 90 }), end: "close" },
  { batches: 20, end: "leave", killedAtSync: atLength({ short: 5, long: 13 }) },
  { batches: atLength({ short: 8, long: 45 }), end: "leave" },
  { batches: 4, end: "close" },
];

describe.skipIf(reason !== undefined)(`a power cut${skipped}`, () => {
  test("at any moment leaves a store that has every acknowledged batch, no partial one, and accepts writes", async () => {
    const everyMoment = atLength({ short: 7, long: 1 });
    const { states, moments, failures } = await cutPower({ runs: wholeLife, everyMoment, chances: everyChance });
    expect(failures).toEqual([]);
    expect(states).toBeGreaterThan(atLength({ short: 1_000, long: 100_000 }));
    tellFigures(`${states} different states after ${moments} power cuts`);
  });

  test("after an earlier power cut, with a start and writes in between, leaves every acknowledged batch, too", async () => {
    const { samples } = await cutPower({ runs: wholeLife, everyMoment: 11, chances: 1 });
    const again = samples.slice(0, atLength({ short: 2, long: 6 }));
    let states = 0;
    for (const [at, sample] of again.entries()) {
      const outcome = await cutPowerAgain(sample, {
        title: `start ${at + 1} of ${again.length}: `,
        everyMoment: atLength({ short: 7, long: 1 }),
        // Number of random disks at each moment. It is small because there are many starts, each with its own disk.
        chances: 2,
      });
      expect(outcome.failures).toEqual([]);
      states += outcome.states;
    }
    expect(again.length).toBeGreaterThan(0);
    tellFigures(`${states} different states after ${again.length} starts from what a power cut left`);
  });

  test("does not lose data that a start found after a kill", async () => {
    const runs: Run[] = [
      { batches: 2, end: "close" },
      { batches: 8, end: "leave", killedAtSync: 5 },
      { batches: 2, end: "leave" },
    ];
    expect((await cutPower({ runs })).failures).toEqual([]);
  });

  test("after a first start that was killed at any of its syncs loses no later write", async () => {
    for (let killedAtSync = 1; killedAtSync <= 10; killedAtSync++) {
      const killed: Run = { batches: 1, end: "leave", killedAtSync };
      const { failures } = await cutPower({ runs: [killed, { batches: 1, end: "leave" }], chances: 1 });
      expect(failures).toEqual([]);
    }
  });
});

describe.skipIf(reason !== undefined)(`the power-cut trial reports a store that omits a sync${skipped}`, () => {
  const runs: Run[] = [
    { batches: 20, end: "close" },
    { batches: 5, end: "leave" },
  ];
  const isSyncOf = (event: FileEvent, end: string): boolean => event.kind === "sync" && event.path.endsWith(end);

  test.each(["any file", "praetor.db-wal", "praetor.db", "data"])("of %s", async (name) => {
    const without = (event: FileEvent): boolean => isSyncOf(event, name === "any file" ? "" : `/${name}`);
    expect((await cutPower({ runs, without, chances: 4, failuresMax: 1 })).failures.length).toBeGreaterThan(0);
  });
});
