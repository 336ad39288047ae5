import { packetOf, parseDnsQuestion, readDnsAnswer } from "../../dns-exchange.ts";
import { pickOf } from "../../linearizability/trial.ts";
import type { Part } from "../part.ts";
import { serviceNames } from "../registrar.ts";
import type { SimulatedProcess } from "../simulated-process.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const questions: readonly string[] = [
  ...["/v1/kv/?recurse", "/v1/kv/?keys", "/v1/kv/locks/a", "/v1/session/list", "/v1/session/node/gw"],
  ...["/v1/catalog/services", "/v1/catalog/nodes", "/v1/catalog/node/gw", "/v1/health/state/any", "/v1/health/node/gw"],
  ...serviceNames.flatMap((name) => [`/v1/health/service/${name}`, `/v1/catalog/service/${name}`]),
  ...serviceNames.map((name) => `/v1/health/service/${name}?passing`),
];

interface Instance {
  readonly Service: { readonly Port: number };
  readonly Checks: readonly { readonly Status: string }[];
}

/** Returns a part that compares the answers of all interfaces: HTTP with and without kept answers, DNS, prepared queries. */
export function answers(world: SimulatedPlatform): Part {
  const random = world.newRandom();
  let looks = 0;
  let isPrepared = false;
  return {
    async prepare({ send }) {
      for (const Service of serviceNames) {
        const body = JSON.stringify({ Name: `${Service}-any`, Service: { Service } });
        await send({ method: "POST", path: "/v1/query", body });
      }
      isPrepared = true;
    },
    async lookAtState(process) {
      if (!isPrepared) return;
      looks += 1;
      await expectFresh(world, pickOf(random, questions) ?? "", looks);
      await expectSameEverywhere(world, process, pickOf(random, serviceNames) ?? "");
    },
  };
}

async function expectFresh(world: SimulatedPlatform, question: string, look: number): Promise<void> {
  const kept = await world.peek(question);
  // The added parameter has a new value in each inspection, so the agent has no kept answer to this query.
  const answer = await world.peek(`${question}${question.includes("?") ? "&" : "?"}fresh=${look}`);
  const isSame = kept.body === answer.body && kept.index === answer.index;
  const broken = isSame ? undefined : `${question}: ${kept.index} ${kept.body}, not ${answer.index} ${answer.body}`;
  world.findings.expect("a kept answer equals the present one", broken);
}

async function expectSameEverywhere(
  world: SimulatedPlatform,
  process: SimulatedProcess,
  service: string,
): Promise<void> {
  const { findings } = world;
  const known = portsOf(await world.peekJson(`/v1/health/service/${service}`));
  const told = askDns(process, service);
  const same = told === undefined || told === known ? undefined : `${service}: DNS tells ${told}, HTTP ${known}`;
  findings.expect("DNS and HTTP give the same answers", same);
  if (world.plan.restores) return;
  const executed = await world.peekJson<{ readonly Nodes: readonly Instance[] }>(`/v1/query/${service}-any/execute`);
  const found = portsOf(executed.Nodes);
  findings.expect(
    "a prepared query finds the healthy instances",
    found === known ? undefined : `${found}, HTTP ${known}`,
  );
}

/** Returns the ports in the DNS answer for a service, as text; undefined when the answer does not come at once. */
function askDns(process: SimulatedProcess, service: string): string | undefined {
  const packet = packetOf(parseDnsQuestion(`${service}.service.consul SRV`));
  const answer = process.responder?.respond(packet, { network: "tcp", address: "198.51.100.1" });
  if (!(answer instanceof Uint8Array)) return undefined;
  const { answers = [] } = readDnsAnswer(packet, answer);
  const ports = answers.map((each) => (each.type === "SRV" ? each.data.port : 0));
  return sorted(ports);
}

/** Returns the ports of the instances without a critical check, as text. */
function portsOf(instances: readonly Instance[]): string {
  const well = instances.filter(({ Checks }) => Checks.every(({ Status }) => Status !== "critical"));
  return sorted(well.map(({ Service }) => Service.Port));
}

function sorted(ports: readonly number[]): string {
  return ports.toSorted((a, b) => a - b).join(" ");
}
