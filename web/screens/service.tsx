import type { JSX } from "preact";
import type { Instance } from "../live/answers.ts";
import { useReading } from "../live/reading.ts";
import { Empty } from "../parts/empty.tsx";
import { compareStatus } from "../parts/status.tsx";
import { useCalm } from "../parts/use-calm.ts";
import { useAgentLine } from "../shell/agent.ts";
import { Frame } from "../shell/frame.tsx";
import { useKeys } from "../shell/keys.ts";
import type { ScreenProps } from "../shell/screen.ts";
import type { AgentCheck } from "./check-item.tsx";
import { InstanceCard, instanceStatus } from "./instance-card.tsx";
import type { Registration } from "./registrations.ts";
import { ServiceHistory } from "./service-history.tsx";
import { ServiceCommands, ServiceKeys, ServicePort } from "./service-places.tsx";

/** One service: its instances, worst first, each check with its output, its outages, its keys, its port, and commands to copy. */
export function Service({ params }: ScreenProps): JSX.Element {
  const name = params["name"] ?? "";
  const path = `v1/health/service/${encodeURIComponent(name)}?since`;
  const reading = useReading<readonly Instance[]>({ path, topics: ["services", "health"] });
  const { node } = useAgentLine();
  const registrations = useReading<readonly Registration[]>({ path: "v1/praetor/registrations", topics: ["services"] });
  const filter = `ServiceName == ${JSON.stringify(name)} or ServiceName == ""`;
  const own = useReading<Readonly<Record<string, AgentCheck>>>({
    path: `v1/agent/checks?definitions&filter=${encodeURIComponent(filter)}`,
    topics: ["health"],
  });
  useKeys([
    {
      keys: "m",
      does: "maintenance",
      run: () => document.querySelector<HTMLElement>('[data-write^="maintenance"]')?.click(),
    },
  ]);
  const instances = (reading.value ?? []).toSorted((a, b) => compareStatus(instanceStatus(a), instanceStatus(b)));
  const list = useCalm(instances, { keyOf, question: name });
  return (
    <Frame title={name} readings={[reading]}>
      {reading.value?.length === 0 && (
        <Empty
          text={`No instance of ${name} is registered.`}
          command={`curl -X PUT ${location.origin}/v1/agent/service/register -d '{"Name": ${JSON.stringify(name)}}'`}
        />
      )}
      <div {...list.handlers}>
        {list.changes > 0 && (
          <button type="button" onClick={list.settle}>
            {list.changes} changes
          </button>
        )}
        {list.shown.map((instance) => (
          <InstanceCard
            key={keyOf(instance)}
            {...{ instance, ownNode: node, ownChecks: own.value, registrations: registrations.value }}
          />
        ))}
      </div>
      {own.failure?.kind === "denied" && <p class="hint">How the checks are run is not shown: {own.failure.text}</p>}
      <ServiceHistory {...{ name, instances: reading.value }} />
      <ServicePort name={name} />
      <ServiceKeys name={name} />
      <ServiceCommands name={name} />
    </Frame>
  );
}

function keyOf({ Node, Service: { ID } }: Instance): string {
  return `${Node.Node}/${ID}`;
}
