import { readdir, readFile } from "node:fs/promises";

/** The clock ticks of a second in /proc, which are 100 on every architecture that Linux runs on. */
const ticksPerSecond = 100;
const pageBytes = 4_096;

/**
 * Resolves with the metrics of this process in the text format of Prometheus, under the names that its client libraries use, so that
 * common dashboards show them. Without Linux's /proc there are none.
 */
export async function processMetrics(): Promise<string> {
  try {
    const [stat, system, limits, descriptors] = await Promise.all([
      readFile("/proc/self/stat", "utf8"),
      readFile("/proc/stat", "utf8"),
      readFile("/proc/self/limits", "utf8"),
      readdir("/proc/self/fd"),
    ]);
    return render({ ...timesAndSizes(stat, system), ...descriptorMetrics(limits, descriptors.length) });
  } catch {
    return "";
  }
}

type Metrics = Readonly<Record<string, number>>;

/** The name of the program, between parentheses, may have blanks; the numbers of the fields below are those of proc(5). */
function timesAndSizes(stat: string, system: string): Metrics {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  const bootSeconds = Number(/^btime (\d+)$/m.exec(system)?.[1]);
  return {
    process_cpu_seconds_total: (field(14) + field(15)) / ticksPerSecond,
    process_resident_memory_bytes: field(24) * pageBytes,
    process_start_time_seconds: bootSeconds + field(22) / ticksPerSecond,
    process_virtual_memory_bytes: field(23),
  };
}

function descriptorMetrics(limits: string, open: number): Metrics {
  return { process_max_fds: Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? NaN), process_open_fds: open };
}

function render(metrics: Metrics): string {
  const rows = Object.entries(metrics).filter(([, value]) => Number.isFinite(value));
  return rows
    .map(([name, value]) => `# HELP ${name} ${name}\n# TYPE ${name} ${typeOf(name)}\n${name} ${value}\n`)
    .join("");
}

function typeOf(name: string): string {
  return name.endsWith("_total") ? "counter" : "gauge";
}
