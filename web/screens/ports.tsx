import type { JSX } from "preact";
import { write, useReading } from "../live/reading.ts";
import { Ask } from "../parts/ask.tsx";
import { Table } from "../parts/table.tsx";
import { Time } from "../parts/time.tsx";
import { nowMs } from "../live/feed.ts";
import { Frame } from "../shell/frame.tsx";
import { hrefOf } from "../shell/router.ts";
import { meaningOf, type PortRecord, portsOf } from "./port-record.ts";

/** The services whose port belonged to another program, and the port that each got instead. */
export function Ports(): JSX.Element {
  const reading = useReading<readonly PortRecord[]>({ path: "v1/praetor/ports", topics: ["ports"] });
  return (
    <Frame title="Ports" readings={[reading]}>
      {reading.value?.length === 0 && <p>No service has asked for a port that another program has.</p>}
      {reading.value && reading.value.length > 0 && (
        <Table
          label="Ports that were taken"
          items={reading.value}
          keyOf={({ service }) => service}
          columns={[
            {
              title: "Service",
              cell: ({ service }) => <a href={hrefOf(`/services/${encodeURIComponent(service)}`)}>{service}</a>,
            },
            { title: "State", cell: StateCell },
            { title: "Port", cell: portsOf },
            { title: "Owner of the old port", cell: ({ owner }) => owner },
            { title: "Reason", cell: ({ reason }) => reason },
            { title: "Since", cell: ({ at }) => <Time atMs={Date.parse(at)} nowMs={nowMs.value} /> },
            { title: "Action", cell: Forget },
          ]}
        />
      )}
    </Frame>
  );
}

/** The state in a word, and its meaning: a tooltip is not for a finger or a screen reader. */
function StateCell({ state }: PortRecord): JSX.Element {
  return (
    <>
      {state} <span class="hint">{meaningOf(state)}</span>
    </>
  );
}

/** Deletes the record, so that the service gets the port of its configuration when it starts again. */
function Forget({ service }: PortRecord): JSX.Element {
  return (
    <Ask
      button="Forget"
      title={`Forget the port of ${service}?`}
      action={`Forget the port of ${service}`}
      need={{ resource: "key", access: "write", segment: `edgex/registry/ports/${service}` }}
      send={() => write("DELETE", `v1/kv/edgex/registry/ports/${encodeURIComponent(service)}`)}
    >
      <p>When {service} starts again, it gets the port of its own configuration if that is free.</p>
    </Ask>
  );
}
