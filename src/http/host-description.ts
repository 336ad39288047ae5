import { readFile, statfs } from "node:fs/promises";
import { arch, availableParallelism, freemem, hostname, platform, release, totalmem, uptime } from "node:os";
import type { Clock } from "../lib/clock.ts";

/** Resolves with the answer of agent/host. A value that the system does not provide is 0 or "". */
export async function describeHost(clock: Clock): Promise<object> {
  const wallMs = clock.wallMs();
  return {
    Memory: describeMemory(numbersOf(await textOf("/proc/meminfo"))),
    CPU: describeProcessors(await textOf("/proc/cpuinfo")),
    Host: await describeSystem(wallMs),
    Disk: await describeDisk(),
    CollectionTime: BigInt(Math.round(wallMs)) * 1_000_000n,
    Errors: null,
  };
}

/** Sizes in bytes by name, from lines like "MemTotal:  24684092 kB". */
type Bytes = ReadonlyMap<string, number>;

function numbersOf(text: string): Bytes {
  const lines = [...text.matchAll(/^([\w()]+):\s+(\d+)(?: (kB))?$/gm)];
  return new Map(lines.map(([, name = "", number, unit]) => [name, Number(number) * (unit ? 1024 : 1)]));
}

function describeMemory(bytes: Bytes): object {
  const of = (name: string): number => bytes.get(name) ?? 0;
  const total = bytes.get("MemTotal") ?? totalmem();
  const free = bytes.get("MemFree") ?? freemem();
  const cached = of("Cached") + of("SReclaimable");
  const used = total - free - of("Buffers") - cached;
  const counted: Record<string, number> = {};
  for (const [field, name] of Object.entries(meminfoNames)) counted[field] = of(name);
  return {
    total,
    available: bytes.get("MemAvailable") ?? free,
    used,
    usedPercent: (used / total) * 100,
    free,
    active: of("Active"),
    inactive: of("Inactive"),
    wired: 0,
    laundry: 0,
    buffers: of("Buffers"),
    cached,
    ...counted,
  };
}

const meminfoNames: Readonly<Record<string, string>> = {
  writeback: "Writeback",
  dirty: "Dirty",
  writebacktmp: "WritebackTmp",
  shared: "Shmem",
  slab: "Slab",
  sreclaimable: "SReclaimable",
  sunreclaim: "SUnreclaim",
  pagetables: "PageTables",
  swapcached: "SwapCached",
  commitlimit: "CommitLimit",
  committedas: "Committed_AS",
  hightotal: "HighTotal",
  highfree: "HighFree",
  lowtotal: "LowTotal",
  lowfree: "LowFree",
  swaptotal: "SwapTotal",
  swapfree: "SwapFree",
  mapped: "Mapped",
  vmalloctotal: "VmallocTotal",
  vmallocused: "VmallocUsed",
  vmallocchunk: "VmallocChunk",
  hugepagestotal: "HugePages_Total",
  hugepagesfree: "HugePages_Free",
  hugepagesize: "Hugepagesize",
};

function describeProcessors(text: string): readonly object[] {
  const blocks = text.split("\n\n").filter((block) => /^processor\s*:/m.test(block));
  if (blocks.length === 0)
    return Array.from({ length: availableParallelism() }, (_, cpu) => describeProcessor(cpu, ""));
  return blocks.map((block, cpu) => describeProcessor(cpu, block));
}

function describeProcessor(cpu: number, block: string): object {
  const of = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(block)?.[1] ?? "";
  return {
    cpu,
    vendorId: of("vendor_id"),
    family: of("cpu family"),
    model: of("model"),
    stepping: Number(of("stepping")) || 0,
    physicalId: of("physical id"),
    coreId: of("core id"),
    cores: 1,
    modelName: of("model name"),
    mhz: Number(of("cpu MHz")) || 0,
    cacheSize: Number.parseInt(of("cache size"), 10) || 0,
    flags: of("flags") === "" ? [] : of("flags").split(" "),
    microcode: of("microcode"),
  };
}

async function describeSystem(wallMs: number): Promise<object> {
  const upS = Math.floor(uptime());
  const distribution = await textOf("/etc/os-release");
  const id = /^ID="?([^"\n]*)/m.exec(distribution)?.[1] ?? "";
  return {
    hostname: hostname(),
    uptime: upS,
    bootTime: Math.floor(wallMs / 1000) - upS,
    procs: 0,
    os: platform(),
    platform: id,
    platformFamily: id,
    platformVersion: /^VERSION_ID="?([^"\n]*)/m.exec(distribution)?.[1] ?? "",
    kernelVersion: release(),
    kernelArch: arch() === "x64" ? "x86_64" : arch(),
    virtualizationSystem: "",
    virtualizationRole: "",
    hostid: (await textOf("/proc/sys/kernel/random/boot_id")).trim(),
  };
}

async function describeDisk(): Promise<object> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs("/");
  const used = (blocks - bfree) * bsize;
  return {
    path: "/",
    fstype: "",
    total: blocks * bsize,
    free: bavail * bsize,
    used,
    usedPercent: (used / (used + bavail * bsize)) * 100 || 0,
    inodesTotal: files,
    inodesUsed: files - ffree,
    inodesFree: ffree,
    inodesUsedPercent: ((files - ffree) / files) * 100 || 0,
  };
}

/** Resolves with the file's text, or "" if it cannot be read. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
