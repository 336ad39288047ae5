import { expect, test } from "bun:test";
import { get, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

const shape = {
  Memory:
    "total available used usedPercent free active inactive wired laundry buffers cached writeback dirty writebacktmp shared slab sreclaimable sunreclaim pagetables swapcached commitlimit committedas hightotal highfree lowtotal lowfree swaptotal swapfree mapped vmalloctotal vmallocused vmallocchunk hugepagestotal hugepagesfree hugepagesize",
  CPU: "cpu vendorId family model stepping physicalId coreId cores modelName mhz cacheSize flags microcode",
  Host: "hostname uptime bootTime procs os platform platformFamily platformVersion kernelVersion kernelArch virtualizationSystem virtualizationRole hostid",
  Disk: "path fstype total free used usedPercent inodesTotal inodesUsed inodesFree inodesUsedPercent",
} as const;

type Host = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

test("agent/host describes memory, processors, system and disk of the machine", async () => {
  const answer = await get("/v1/agent/host");
  expect(answer.header("Content-Type")).toBe("application/json");
  const host = answer.json as Host;
  expect(Object.keys(host)).toEqual(["Memory", "CPU", "Host", "Disk", "CollectionTime", "Errors"]);
  const { Memory = {}, CPU = {}, Host = {}, Disk = {} } = host;
  expect(Object.keys(Memory).join(" ")).toBe(shape.Memory);
  expect(Object.keys(CPU[0] as object).join(" ")).toBe(shape.CPU);
  expect(Object.keys(Host).join(" ")).toBe(shape.Host);
  expect(Object.keys(Disk).join(" ")).toBe(shape.Disk);
  expect(answer.text).toMatch(/"CollectionTime":\d{19},"Errors":null\}$/);
});

test("agent/host returns the machine's real sizes of memory and disk", async () => {
  const { Memory = {}, Disk = {}, Host = {} } = (await get("/v1/agent/host")).json as Host;
  expect(Memory["total"]).toBe(totalBytes(await Bun.file("/proc/meminfo").text()));
  expect(Number(Disk["used"]) + Number(Disk["free"])).toBeLessThanOrEqual(Number(Disk["total"]));
  expect(Host["os"]).toBe("linux");
});

function totalBytes(meminfo: string): number {
  return Number(/MemTotal:\s+(\d+)/.exec(meminfo)?.[1]) * 1024;
}
