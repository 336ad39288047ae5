import type { Contender } from "../lib/contender.ts";
import { measuredOnce } from "../lib/measured-once.ts";
import { usageOf, type Usage } from "../lib/process-usage.ts";
import { Program } from "../lib/program.ts";
import type { Row } from "../lib/row.ts";

const services = 100;
const settleMs = 20_000;
const minuteMs = 60_000;

export const idleProcessor: Row = row("idle-processor", {
  title: `a minute with ${services} services checked every 10 s: processor time`,
  unit: "ms",
  of: ({ processorMs }) => processorMs,
});

export const idleWritten: Row = row("idle-written", {
  title: "the same minute: written to the disk",
  unit: "KiB",
  of: ({ writtenBytes }) => writtenBytes / 1_024,
});

interface Part {
  readonly title: string;
  readonly unit: string;
  readonly of: (usage: Usage) => number;
}

function row(name: string, { title, unit, of }: Part): Row {
  return {
    ...{ name, title, unit, better: "lower", startsItself: true },
    goal: { kind: "times", timesMin: 1 },
    // Both contenders are nearly idle, so their measurements run at the same time: prepare() starts each of them.
    async prepare(contender) {
      minuteOf(contender).catch(() => {}); // measure() reports the error
    },
    measure: async (contender) => ({ value: of(await minuteOf(contender)) }),
  };
}

const minuteOf = measuredOnce(async (contender: Contender): Promise<Usage> => {
  const server = Program.start("ping-server", {});
  try {
    const port = await server.line();
    await contender.start();
    for (let service = 0; service < services; service += 1) await register(contender, service, port);
    await Bun.sleep(settleMs);
    await expectPassing(contender);
    const before = usageOf(contender.pid);
    await Bun.sleep(minuteMs);
    const after = usageOf(contender.pid);
    await expectPassing(contender);
    return {
      processorMs: after.processorMs - before.processorMs,
      writtenBytes: after.writtenBytes - before.writtenBytes,
    };
  } finally {
    await contender.stop();
    server.kill();
  }
});

async function register(contender: Contender, service: number, port: string): Promise<void> {
  const name = `device-${service}`;
  await contender.put("/v1/agent/service/register", {
    ...{ Name: name, Address: "127.0.0.1", Port: Number(port) },
    Check: { Name: `Health Check: ${name}`, HTTP: `http://127.0.0.1:${port}/api/v1/ping`, Interval: "10s" },
  });
}

/**
 * Verifies that all checks pass, since an agent that does not run them would use few resources.
 * @throws Error if a check does not pass
 */
async function expectPassing({ url, name }: Contender): Promise<void> {
  const response = await fetch(`${url}/v1/health/state/passing`);
  const passing: unknown = await response.json();
  // Besides the services' checks the node's check serfHealth passes.
  const count = Array.isArray(passing) ? passing.length : 0;
  if (count !== services + 1) throw new Error(`${name}: ${count} checks are passing, not ${services + 1}`);
}
