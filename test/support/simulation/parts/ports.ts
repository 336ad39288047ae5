import { sleep } from "../../../../src/lib/clock.ts";
import type { FakeRandom } from "../../fake-random.ts";
import { LineBroken, type LineRequest } from "../../linearizability/line.ts";
import type { Part, Peace } from "../part.ts";
import { requireDone } from "../simulated-line.ts";
import type { SimulatedNetwork } from "../simulated-network.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const wantedPort = 48_080;
const names: readonly string[] = ["app-a", "app-b", "app-c", "app-d"];
const folder = "edgex/v4/";
const recordFolder = "edgex/registry/ports/";

interface RecordShown {
  readonly service: string;
  readonly newPort: number;
  readonly state: string;
}

type Send = (request: LineRequest) => Promise<{ readonly status: number; readonly body: string }>;

/** Returns a part with services that all want the same port, restart repeatedly, and read the port that the agent assigns. */
export function ports(world: SimulatedPlatform): Part {
  // Restoring a snapshot that is older than an assignment would undo the assignment.
  if (world.plan.restores) return {};
  const { clock, network } = world;
  const live = async (name: string, random: FakeRandom, over: AbortSignal): Promise<void> => {
    while (!over.aborted) {
      await sleep(clock, random.uniform() ** 2 * 6_000, over);
      if (over.aborted) return;
      try {
        await start(name, sending(network, name), random);
      } catch (error) {
        if (!(error instanceof LineBroken)) throw error;
      }
    }
  };
  return {
    run: async ({ trouble }) => void (await Promise.all(names.map((name) => live(name, world.newRandom(), trouble)))),
    lookAtState: () => expectGivenOnce(world),
    conclude: (peace) => expectPortsOfTheirOwn(world, peace),
  };
}

function sending(network: SimulatedNetwork, name: string): Send {
  return async (request) => requireDone(await network.send(`192.0.2.${70 + names.indexOf(name)}`, request));
}

/**
 * Runs a service once: it reads its configuration, writes it if missing, listens and registers; some runs end with a
 * deregistration.
 */
async function start(name: string, send: Send, random: FakeRandom): Promise<void> {
  const port = (await readPort(name, send)) ?? (await storePort(name, send));
  await register(name, port, send, random.uniform() < 0.5);
  if (random.uniform() < 0.25) await send({ method: "PUT", path: `/v1/agent/service/deregister/${name}` });
  else if (random.uniform() < 0.35) {
    // Deletes the record of the service's port, so the service starts as if newly installed.
    await send({ method: "DELETE", path: `/v1/kv/${recordFolder}${name}` });
    await storePort(name, send);
  }
}

async function readPort(name: string, send: Send): Promise<number | undefined> {
  const { status, body } = await send({ method: "GET", path: `/v1/kv/${folder}${name}/?recurse` });
  if (status !== 200) return undefined;
  const entries = JSON.parse(body) as readonly { readonly Key: string; readonly Value: string }[];
  const stored = entries.find(({ Key }) => Key.endsWith("/Service/Port"));
  return stored && Number(Buffer.from(stored.Value, "base64").toString());
}

async function storePort(name: string, send: Send): Promise<number> {
  await send({ method: "PUT", path: `/v1/kv/${folder}${name}/Service/Host`, body: "localhost" });
  await send({ method: "PUT", path: `/v1/kv/${folder}${name}/Service/Port`, body: String(wantedPort) });
  return wantedPort;
}

/** Registers the service, over core-keeper's API or Consul's. */
async function register(name: string, port: number, send: Send, isKeepers: boolean): Promise<void> {
  if (!isKeepers) {
    const body = JSON.stringify({ Name: name, Address: "localhost", Port: port });
    return void (await send({ method: "PUT", path: "/v1/agent/service/register", body }));
  }
  const healthCheck = { interval: "10s", path: "/api/v3/ping", type: "http" };
  const registration = { serviceId: name, host: "localhost", port, healthCheck };
  const body = JSON.stringify({ apiVersion: "v3", registration });
  const { status } = await send({ method: "POST", path: "/api/v3/registry", body });
  if (status === 409) await send({ method: "PUT", path: "/api/v3/registry", body });
}

async function expectGivenOnce(world: SimulatedPlatform): Promise<void> {
  const { findings } = world;
  const owners = new Map<number, string>();
  for (const { service, newPort } of (await givenPorts(world)).filter((record) => record.newPort > 0)) {
    const other = owners.get(newPort);
    findings.expect("no port is assigned twice", other && `${newPort} is given to ${other} and ${service}`);
    owners.set(newPort, service);
  }
  for (const [id, { Port }] of Object.entries(await registered(world))) {
    const owner = owners.get(Port) ?? id;
    const broken = owner === id ? undefined : `${id} is at ${Port}, which was given to ${owner}`;
    if (owners.has(Port)) findings.expect("an assigned port has one service", broken);
  }
}

async function givenPorts(world: SimulatedPlatform): Promise<readonly RecordShown[]> {
  const { status, body } = await world.peek(`/v1/kv/${recordFolder}?recurse`);
  if (status === 404) return [];
  const entries = JSON.parse(body) as readonly { readonly Value: string }[];
  return entries.map(({ Value }) => JSON.parse(Buffer.from(Value, "base64").toString()) as RecordShown);
}

async function registered(world: SimulatedPlatform): Promise<Record<string, { readonly Port: number }>> {
  return world.peekJson("/v1/agent/services");
}

/**
 * Expects that all services have different ports. Each service restarts twice: a service that is assigned another port reads
 * that port at the second start.
 */
async function expectPortsOfTheirOwn(world: SimulatedPlatform, peace: Peace): Promise<void> {
  const send: Send = (request) => peace.until(world.network.send("192.0.2.79", request));
  for (const name of [...names, ...names]) {
    const port = (await readPort(name, send)) ?? (await storePort(name, send));
    await register(name, port, send, false);
  }
  const taken = Object.entries(await registered(world)).filter(([id]) => names.includes(id));
  const said = taken.map(([id, { Port }]) => `${id}:${Port}`).join(" ");
  const isSo = taken.length === names.length && new Set(taken.map(([, { Port }]) => Port)).size === names.length;
  world.findings.expect("services that want one port come to have one each", isSo ? undefined : said);
}
