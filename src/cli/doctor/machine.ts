import { describeConsulFolder } from "../../config/consul-folder.ts";
import type { AgentFacts, Facts, Finding } from "./facts.ts";

/** What these rules need; so much is known without an agent, too. */
export interface MachineFacts extends Pick<Facts, "dataFolder"> {
  /** The clock is the machine's. */
  readonly agent: Pick<AgentFacts, "nodeName" | "clockMs">;
}

/** No gateway that runs this was built before. */
const clockMsMin = Date.parse("2024-01-01T00:00:00Z");
const aheadMsMax = 60_000;

/** Boards without a battery begin in 1970; certificates and logs are useless until they have learned the time. */
export function clock({ agent, dataFolder }: MachineFacts): readonly Finding[] {
  const says = `The clock says ${new Date(agent.clockMs).toISOString()}`;
  const where = `node ${agent.nodeName}`;
  if (agent.clockMs < clockMsMin)
    return [
      {
        ...{ kind: "clock-unset", where },
        problem: `${says}: it has not been set.`,
        advice: "Let the machine learn the time before the agent starts (NTP, a clock with a battery).",
      },
    ];
  const newest = dataFolder?.newestFileMs ?? 0;
  if (newest <= agent.clockMs + aheadMsMax) return [];
  return [
    {
      ...{ kind: "clock-went-back", where },
      problem: `${says}, and ${dataFolder?.path} holds files from ${new Date(newest).toISOString()}: it went back.`,
      advice: "Set the clock; see that NTP steps it at the start of the machine, and not while services run.",
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
      problem: `The disk of the data folder has ${inMebibytes(freeBytes)} of ${inMebibytes(totalBytes)} left; without room no write is taken.`,
      advice: "Free some space: old logs and images of containers are the usual cause.",
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
      problem: `The disk of the data folder takes only ${freeFiles} more files (inodes), however much room it has.`,
      advice: "Remove folders of many small files (df -i shows the file system): caches, spools and old containers.",
    },
  ];
}

/** A data folder that Consul used before. */
export function consulData({ dataFolder }: MachineFacts): readonly Finding[] {
  if (dataFolder?.hasConsulData !== true) return [];
  return [{ kind: "consul-data", where: dataFolder.path, ...describeConsulFolder(dataFolder.path) }];
}

/** File systems that are gone with the machine's power, or with the container. */
const fleeting: ReadonlyMap<number, string> = new Map([
  [0x01021994, "in memory (tmpfs): all is gone at the next start of the machine"],
  [0x858458f6, "in memory (ramfs): all is gone at the next start of the machine"],
  [0x794c7630, "in the container's own layer (overlay): all is gone when the container is replaced"],
]);

export function fleetingData({ dataFolder }: MachineFacts): readonly Finding[] {
  const why = dataFolder && fleeting.get(dataFolder.fileSystem);
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
      advice: "See which programs need it (top, docker stats), and give them limits.",
    },
  ];
}

function inMebibytes(bytes: number): string {
  return `${Math.floor(bytes / mebibyte)} MiB`;
}
