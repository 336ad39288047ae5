import type { Contender } from "../lib/contender.ts";
import { Program } from "../lib/program.ts";
import type { Row } from "../lib/row.ts";
import { median, percentile } from "../lib/statistics.ts";
import type { WatchTask } from "../programs/watch-writes.ts";

type Watched = Pick<WatchTask, "watched" | "written" | "bodies">;

/** Number of writes that wake the watchers. The first of them warms up the client; its times are left out of the figures. */
const rounds = 4;

export const key: { readonly of: string; readonly watched: Watched } = {
  of: "one key",
  watched: {
    watched: "/v1/kv/bench/watched",
    written: "/v1/kv/bench/watched",
    bodies: bodies((round) => `round ${round}`),
  },
};

const service = {
  of: "the health of one service",
  watched: {
    watched: "/v1/health/service/watched",
    written: "/v1/catalog/register",
    bodies: bodies((round) => JSON.stringify(registration(round % 2 === 0 ? "passing" : "critical"))),
  },
};

export const watchers: Row = row("watchers", 1_000, key);
export const watchers10000: Row = row("watchers-10000", 10_000, key);
export const serviceWatchers: Row = row("service-watchers", 1_000, service);
export const serviceWatchers10000: Row = row("service-watchers-10000", 10_000, service);

function row(name: string, count: number, { of, watched }: { readonly of: string; readonly watched: Watched }): Row {
  return {
    name,
    title: `${count.toLocaleString("en")} watchers of ${of}: from the write to the last answer`,
    ...{ unit: "ms", better: "lower" },
    goal: { kind: "times", timesMin: 2 },
    async measure(contender) {
      const answers = await timesToWake(contender, { ...watched, count });
      const all = answers.flat();
      return {
        value: median(answers.map((times) => Math.max(...times))),
        latency: { p50Ms: percentile(all, 50), p99Ms: percentile(all, 99) },
      };
    },
  };
}

/** Runs the program watch-writes. Returns, for each write but the first, the milliseconds until each watcher's answer. */
export async function timesToWake(
  { name, httpPort: port }: Contender,
  task: Omit<WatchTask, "port">,
): Promise<readonly (readonly number[])[]> {
  try {
    const times: number[][] = JSON.parse(await Program.run("watch-writes", { ...task, port }));
    return times.slice(1);
  } catch (cause) {
    throw new Error(`${name}'s watchers failed`, { cause });
  }
}

function bodies(bodyOf: (round: number) => string): readonly string[] {
  return Array.from({ length: rounds + 1 }, (_none, round) => bodyOf(round));
}

/** Returns the registration of a service like EdgeX's: one instance, and one check with this status. */
function registration(status: string): object {
  return {
    ...{ Node: "rack-1", Address: "10.0.0.1" },
    Service: { ID: "watched", Service: "watched", Address: "10.0.0.1", Port: 8_080, Tags: ["bench"] },
    Check: { CheckID: "watched", Name: "Health Check: watched", ServiceID: "watched", Status: status },
  };
}
