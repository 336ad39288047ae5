import type { JSX } from "preact";
import { useReading } from "../live/reading.ts";
import type { Check } from "../live/answers.ts";
import { nodeMaintenanceId } from "../parts/maintenance.ts";
import { StatusMark, statusOf, worstOf } from "../parts/status.tsx";
import { Table } from "../parts/table.tsx";
import { useAgentLine } from "../shell/agent.ts";
import { Frame } from "../shell/frame.tsx";
import { hrefOf } from "../shell/router.ts";
import { MaintenanceButton } from "./maintenance-button.tsx";

/** An element of `v1/internal/ui/nodes`. */
interface Node {
  readonly Node: string;
  readonly Address: string;
  readonly Meta: Readonly<Record<string, string>> | null;
  readonly Services: readonly { readonly Service: string; readonly ID: string }[];
  readonly Checks: readonly Check[];
}

/** The nodes of the catalog, with the services on each and the worst of its checks. */
export function Nodes(): JSX.Element {
  const reading = useReading<readonly Node[]>({ path: "v1/internal/ui/nodes", topics: ["nodes"] });
  const { node: own } = useAgentLine();
  return (
    <Frame title="Nodes" readings={[reading]}>
      {reading.value && (
        <Table
          label="Nodes"
          items={reading.value}
          keyOf={({ Node: name }) => name}
          columns={[
            { title: "Status", cell: ({ Checks }) => <StatusMark status={worstOf(Checks.map(statusOf))} /> },
            { title: "Node", cell: ({ Node: name }) => (name === own ? `${name} (this agent)` : name) },
            { title: "Address", cell: ({ Address }) => <code>{Address}</code> },
            { title: "Agent", cell: agentOf },
            { title: "Services", cell: ServicesOn },
            { title: "Maintenance", cell: (node) => <Maintenance {...{ node, own }} /> },
          ]}
        />
      )}
    </Frame>
  );
}

/** Returns whether an agent runs on a node. Consul: each agent's node has the check serfHealth, and external nodes have this meta. */
function agentOf({ Checks, Meta }: Node): string {
  const health = Checks.find(({ CheckID }) => CheckID === "serfHealth");
  if (health) return health.Status === "passing" ? "alive" : "does not answer";
  return Meta?.["external-node"] === "true" ? "none: external node" : "none";
}

/** Services that a node's row names; the rest are counted. */
const namedMax = 12;

function ServicesOn({ Services }: Node): JSX.Element {
  const names = [...new Set(Services.map(({ Service }) => Service))].toSorted();
  return (
    <>
      {Services.length}
      {names.slice(0, namedMax).map((name, at) => (
        <span key={name}>
          {at === 0 ? ": " : ", "}
          <a href={hrefOf(`/services/${encodeURIComponent(name)}`)}>{name}</a>
        </span>
      ))}
      {names.length > namedMax && ` and ${names.length - namedMax} more`}
    </>
  );
}

/** Maintenance of a node: only its own agent can begin or end it. */
function Maintenance({ node, own }: { readonly node: Node; readonly own: string | undefined }): JSX.Element | string {
  const reason = node.Checks.find(({ CheckID }) => CheckID === nodeMaintenanceId)?.Notes;
  if (node.Node !== own) return reason ?? "";
  return (
    <MaintenanceButton
      {...{ thing: node.Node, path: "v1/agent/maintenance", reason }}
      need={{ resource: "node", access: "write", segment: node.Node }}
      consequence={`All ${node.Services.length} services on it become critical, so clients stop using them. They go on running.`}
    />
  );
}
