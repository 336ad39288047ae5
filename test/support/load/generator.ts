import { FakeRandom } from "../fake-random.ts";
import { askDns } from "../dns-exchange.ts";
import { LoadClient, Notes } from "./client.ts";
import { prepare, shares, type Traffic } from "./traffic.ts";

/*
 * A process that puts load on an agent: many keep-alive connections, each of which repeats its kind of request about
 * once a second, and some DNS clients. It ends when each reading connection has done its rounds, and prints the result
 * as JSON.
 *
 * generator.ts http://127.0.0.1:8500 8600 2000 600 1     URL, port of DNS, connections, rounds, seed
 */

const [url = "", dnsPort = "", connections = "", rounds = "", seed = ""] = process.argv.slice(2);
const pauseMsMean = 1_000;
const dnsClients = 50;

const random = new FakeRandom(Number(seed));
const notes = new Notes();
const counted = "get";
const over = new AbortController();

async function pause(): Promise<void> {
  await Bun.sleep(pauseMsMean * (0.5 + random.uniform()));
}

async function runClient(kind: string, at: number, traffic: Traffic): Promise<void> {
  // Clients start at random times within two seconds, because another test covers a burst of connections.
  await Bun.sleep(random.uniform() * 2_000);
  const name = `${kind} ${at}`;
  try {
    await using client = await LoadClient.open(name, url, notes);
    for (let round = 1; kind === counted ? round <= Number(rounds) : !over.signal.aborted; round++) {
      await traffic(client, at, round);
      notes.count(kind);
      await pause();
    }
  } catch (error) {
    notes.fail(`${name}: ${String(error)}`);
  }
}

async function askByDns(): Promise<void> {
  while (!over.signal.aborted) {
    try {
      const { rcode } = await askDns(Number(dnsPort), "consul.service.consul A");
      if (rcode !== "NOERROR") notes.fail(`DNS: ${rcode}`);
      notes.count("dns");
    } catch (error) {
      notes.fail(`DNS: ${String(error)}`);
    }
    await pause();
  }
}

{
  await using client = await LoadClient.open("prepare", url, notes);
  await prepare(client);
}
const clients = Object.entries(shares).map(([kind, { of100, traffic }]) => {
  const count = Math.floor((Number(connections) * of100) / 100);
  const run = Promise.all(Array.from({ length: count }, (_, at) => runClient(kind, at, traffic)));
  return kind === counted ? run.then(() => over.abort()) : run;
});
await Promise.all([...clients, ...Array.from({ length: dnsClients }, askByDns)]);

const sorted = notes.latenciesMs.toSorted((a, b) => a - b);
const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
const { counts, acknowledged } = notes;
const failures = { count: notes.failures.length, first: notes.failures.slice(0, 5) };
process.stdout.write(
  JSON.stringify({ counts, failures, acknowledged, p50Ms: quantile(0.5), p99Ms: quantile(0.99), maxMs: sorted.at(-1) }),
);
