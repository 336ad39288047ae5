/**
 * Has a real Consul expand each template of recording.jsonl in a network namespace for each set of interfaces, and
 * records the results in that file. To add a template, add a line that has only "template" and "on". CONSUL_BINARY
 * names the Consul. Needs Linux and Debian's iproute2 and util-linux.
 *
 * One agent expands all templates of a set: they stand in retry_join, which accepts any text. Before that, the error of
 * `consul validate` names all templates that Consul refuses.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineAddresses } from "../../../src/config/sockaddr/interfaces.ts";
import { programOf } from "../../support/target.ts";
import { within } from "../../support/within.ts";
import { interfaceSets } from "./interface-sets.ts";
import {
  keepBigInt,
  type Outcome,
  readRecording,
  reviveBigInt,
  type TemplateRecord,
  writeRecording,
} from "./recording.ts";

/** The sets of interfaces in which a template without "on" is tried. */
const usualSets = ["a floating address behind", "IPv6 before IPv4"];

const [, , inside] = process.argv;
if (inside === undefined) await recordAll();
else console.log(JSON.stringify(await recordSet(inside), keepBigInt));
process.exit(0);

type SetRecord = { addresses: ReturnType<typeof machineAddresses>; outcomes: readonly (readonly [string, Outcome])[] };

async function recordAll(): Promise<void> {
  const said = Bun.spawnSync([...programOf("consul"), "version"]).stdout.toString();
  const [version = "unknown"] = /(?<=^Consul v)[\d.]+/.exec(said) ?? [];
  const { templates } = await readRecording();
  const records = Object.keys(interfaceSets).map((set): readonly [string, SetRecord] => {
    const words = ["unshare", "--map-root-user", "--net", process.execPath, import.meta.path, set];
    const { stdout, stderr, success } = Bun.spawnSync(words);
    if (!success) throw new Error(`${set}: ${stderr.toString()}`);
    return [set, JSON.parse(stdout.toString(), reviveBigInt)];
  });
  const outcomes = new Map(records.map(([set, record]) => [set, new Map(record.outcomes)]));
  await writeRecording(version, {
    addresses: Object.fromEntries(records.map(([set, { addresses }]) => [set, addresses])),
    templates: templates.map((each) => ({
      ...each,
      outcomes: Object.fromEntries(
        [...outcomes].flatMap(([set, bySet]) => {
          const outcome = bySet.get(each.template);
          return outcome === undefined ? [] : [[set, outcome]];
        }),
      ),
    })),
  });
}

async function recordSet(set: string): Promise<SetRecord> {
  for (const command of ["link set lo up", ...(interfaceSets[set] ?? "").split("\n")]) ip(command.trim());
  const { templates } = await readRecording();
  const tried = templates.filter((each) => isTriedWith(each, set)).map(({ template }) => template);
  return { addresses: machineAddresses(), outcomes: await outcomesOf(tried) };
}

function isTriedWith({ on }: TemplateRecord, set: string): boolean {
  return on === undefined ? usualSets.includes(set) : on === "all" || on === set;
}

function ip(command: string): void {
  if (command === "") return;
  const { success, stderr } = Bun.spawnSync(["ip", ...command.split(" ")]);
  if (!success) throw new Error(`ip ${command}: ${stderr.toString()}`);
}

async function outcomesOf(templates: readonly string[]): Promise<readonly (readonly [string, Outcome])[]> {
  const folder = mkdtempSync(join(tmpdir(), "address-templates-"));
  try {
    const config = join(folder, "templates.json");
    const start = async (numbers: readonly number[]): Promise<readonly string[]> => {
      const retry_join = numbers.map((number) => `@${number}@${templates[number]}`);
      await Bun.write(config, JSON.stringify({ retry_join, data_dir: folder, bind_addr: "127.0.0.1" }));
      return [...programOf("consul"), "agent", "-dev", "-config-file", config];
    };
    const all = templates.map((_template, number) => number);
    const validate = [...programOf("consul"), "validate", config];
    await start(all);
    const errors = markedParts(Bun.spawnSync(validate).stderr.toString());
    const words = await retryJoin(await start(all.filter((number) => !errors.has(number))));
    const found = markedParts(words.join(" "));
    return templates.map((template, number) => {
      const error = errors.get(number);
      if (error !== undefined) return [template, { error: reasonOf(error) }] as const;
      return [template, { words: (found.get(number) ?? "").trim() }] as const;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Returns, for each number in a mark such as @7@, the text from that mark to the next one. If a number occurs several
 * times, returns the text after its last mark.
 */
function markedParts(text: string): ReadonlyMap<number, string> {
  const parts = new Map<number, string>();
  for (const [, number, part = ""] of text.matchAll(/@(\d+)@(.*?)(?=@\d+@|$)/gs)) {
    parts.set(Number(number), part);
  }
  return parts;
}

/** Returns the reason in an error of Consul, which repeats the template before the reason. */
function reasonOf(error: string): string {
  return /(?<=": (?=template: )).*/.exec(error)?.[0] ?? error.trim();
}

async function retryJoin(words: readonly string[]): Promise<readonly string[]> {
  const agent = Bun.spawn([...words], { stdout: "ignore", stderr: "ignore" });
  try {
    const answer = await within(20_000, async () => fetch("http://127.0.0.1:8500/v1/agent/self"));
    const self = (await answer.json()) as { DebugConfig: { RetryJoinLAN: readonly string[] } };
    return self.DebugConfig.RetryJoinLAN;
  } finally {
    agent.kill("SIGKILL");
    await agent.exited;
  }
}
