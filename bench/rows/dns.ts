import type { Contender } from "../lib/contender.ts";
import { runDnsperf } from "../lib/dnsperf.ts";
import type { Row } from "../lib/row.ts";

const instances = 10;

async function registerInstances(contender: Contender): Promise<void> {
  for (let instance = 1; instance <= instances; instance += 1)
    await contender.put("/v1/catalog/register", {
      Node: `rack-${instance}`,
      Address: `10.0.0.${instance}`,
      Service: { Service: "web", Port: 8_000 + instance },
    });
}

function dnsRow(type: "A" | "SRV"): Row {
  return {
    name: `dns-${type.toLowerCase()}`,
    title: `DNS: ${type} of a service with ${instances} instances, over UDP`,
    unit: "answers/s",
    better: "higher",
    goal: { kind: "times", timesMin: 6 },
    prepare: registerInstances,
    measure: (contender, seconds) => runDnsperf(contender.dnsPort, `web.service.consul ${type}`, seconds),
  };
}

export const dnsA: Row = dnsRow("A");
export const dnsSrv: Row = dnsRow("SRV");
