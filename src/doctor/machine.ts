import { describeConsulFolder } from "../config/consul-folder.ts";
import type { AgentFacts, Facts, Finding } from "./facts.ts";

/** The facts that the rules about the machine need. Doctor has these facts even if no agent answers. */
export interface MachineFacts extends Pick<Facts, "dataFolder"> {
  /** The agent's node name, and the clock of the agent's machine in milliseconds since 1970. */
  readonly agent: Pick<AgentFacts, "nodeName" | "clockMs">;
}

/** The earliest plausible time, in milliseconds since 1970. A clock that shows an earlier time was never set. */
const clockMsMin = Date.parse("2024-01-01T00:00:00Z");
const aheadMsMax = 60_000;

/**
 * Reports a clock that was never set, as on boards without a battery, or that went back: certificates and logs need a correct
 * clock.
 */
export function clock({ agent, dataFolder }: MachineFacts): readonly Finding[] {
  const clockText = `The clock says ${new Date(agent.clockMs).toISOString()}`;
  const where = `node ${agent.nodeName}`;
  if (agent.clockMs < clockMsMin)
    return [
      {
        ...{ kind: "clock-unset", where },
        problem: `${clockText}: it has not been set.`,
        advice: "Set the clock before the agent starts (NTP, a clock with a battery).",
      },
    ];
  const newest = dataFolder?.newestFileMs ?? 0;
  if (newest <= agent.clockMs + aheadMsMax) return [];
  return [
    {
      ...{ kind: "clock-went-back", where },
      problem: `${clockText}, and ${dataFolder?.path} holds files from ${new Date(newest).toISOString()}: it went back.`,
      advice: "Set the clock, and let NTP step it only at the start of the machine, not while services run.",
    },
  ];
}

const mebibyte = 2 ** 20;
const freeBytesMin = 100 * mebibyte;
const freeShareMin = 0.05;

export function disk({ dataFolder }: MachineFacts): readonly Finding[] {
  if (dataFolder === undefined) return [];
  const { path, freeBytes, totalBytes } = dataFolder;
  if (freeBytes >= freeBytesMin && freeBytes >= totalBytes * freeShareMin) return [];
  return [
    {
      kind: "disk-nearly-full",
      where: path,
      problem: `The disk of the data folder has ${inMebibytes(freeBytes)} of ${inMebibytes(totalBytes)} left; a full disk fails every write.`,
      advice: "Free some space: old logs and container images are the usual cause.",
    },
  ];
}

const freeFilesMin = 100;

export function files({ dataFolder }: MachineFacts): readonly Finding[] {
  const { path = "", freeFiles } = dataFolder ?? {};
  if (freeFiles === undefined || freeFiles >= freeFilesMin) return [];
  return [
    {
      kind: "files-nearly-exhausted",
      where: path,
      problem: `The disk of the data folder takes only ${freeFiles} more files (inodes), however much space is free.`,
      advice: "Remove folders of many small files (df -i shows the file system): caches, spools and old containers.",
    },
  ];
}

/** Reports a data folder that contains Consul's state. */
export function consulData({ dataFolder }: MachineFacts): readonly Finding[] {
  if (dataFolder?.hasConsulData !== true) return [];
  return [{ kind: "consul-data", where: dataFolder.path, ...describeConsulFolder(dataFolder.path) }];
}

/** Descriptions of file systems that lose their data when the machine or the container restarts, by the f_type of statfs(2). */
const volatileFileSystems: ReadonlyMap<number, string> = new Map([
  [0x01021994, "in memory (tmpfs): its data is lost at the next start of the machine"],
  [0x858458f6, "in memory (ramfs): its data is lost at the next start of the machine"],
  [0x794c7630, "in the container's own layer (overlay): its data is lost when the container is replaced"],
]);

export function volatileData({ dataFolder }: MachineFacts): readonly Finding[] {
  const why = dataFolder && volatileFileSystems.get(dataFolder.fileSystem);
  if (why === undefined) return [];
  return [
    {
      kind: "data-not-kept",
      where: dataFolder?.path ?? "",
      problem: `The data folder is ${why}.`,
      advice: "Put it on a disk: -data-dir, or a volume of the container.",
    },
  ];
}

const availableBytesMin = 64 * mebibyte;

export function lowMemory({ agent, memory }: Facts): readonly Finding[] {
  if (memory === undefined || memory.availableBytes >= Math.max(availableBytesMin, memory.totalBytes * freeShareMin))
    return [];
  return [
    {
      kind: "memory-low",
      where: `node ${agent.nodeName}`,
      problem: `Only ${inMebibytes(memory.availableBytes)} of ${inMebibytes(memory.totalBytes)} of memory are available; the system may end programs at any time.`,
      advice: "See which programs use it (top, docker stats), and give them limits.",
    },
  ];
}

function inMebibytes(bytes: number): string {
  return `${Math.floor(bytes / mebibyte)} MiB`;
}
