import type { Contender } from "../lib/contender.ts";
import { fill, filling } from "../lib/fill.ts";
import { measuredOnce } from "../lib/measured-once.ts";
import { residentKib } from "../lib/process-memory.ts";
import type { Row } from "../lib/row.ts";
import { runWrk } from "../lib/wrk.ts";

const loadSeconds = 60;
const quickLoadSeconds = 30;
const idleMs = 10_000;
const contents = `${filling.keys.toLocaleString("en")} keys, ${filling.services.toLocaleString("en")} services with a check each`;

interface Memory {
  readonly atRestMib: number;
  readonly afterLoadMib: number;
}

export const memoryFilled: Row = row("memory-filled", {
  title: `memory with ${contents}: after 10 s idle`,
  timesMin: 1,
  of: ({ atRestMib }) => atRestMib,
});

export const memoryAfterLoad: Row = row("memory-after-load", {
  title: "the same after a minute of mixed load, 64 connections, and 10 s idle",
  timesMin: 1.5,
  of: ({ afterLoadMib }) => afterLoadMib,
});

interface Part {
  readonly title: string;
  readonly timesMin: number;
  readonly of: (memory: Memory) => number;
}

let seconds = 0;

function row(name: string, { title, timesMin, of }: Part): Row {
  return {
    ...{ name, title, unit: "MiB", better: "lower", startsItself: true },
    goal: { kind: "times", timesMin },
    async measure(contender, effortSeconds) {
      seconds = effortSeconds < 3 ? quickLoadSeconds : loadSeconds;
      return { value: of(await memoryOf(contender)) };
    },
  };
}

const memoryOf = measuredOnce(async (contender: Contender): Promise<Memory> => {
  await contender.start();
  try {
    await fill(contender, filling);
    const atRestMib = await idleMib(contender);
    await runWrk(contender.url, { connections: 64, seconds, script: "mixed-load.lua" });
    return { atRestMib, afterLoadMib: await idleMib(contender) };
  } finally {
    await contender.stop();
  }
});

async function idleMib({ pid }: Contender): Promise<number> {
  await Bun.sleep(idleMs);
  return residentKib(pid) / 1_024;
}
