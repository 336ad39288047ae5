import type { JSX } from "preact";
import { write } from "../live/reading.ts";
import { Ask } from "../parts/ask.tsx";
import { askMaintenance } from "./maintenance-button.tsx";
import type { Registration } from "./registrations.ts";

interface DeregisterProps {
  readonly id: string;
  /** The service's name, on which the right to it depends. */
  readonly service: string;
  readonly node: string;
  /** Whether the agent that serves the page registers the instance. */
  readonly isHere: boolean;
  /** Whether an agent runs on the node, which registers its services again. */
  readonly hasAgent: boolean;
  readonly ownNode: string;
  /** The way in which this agent's instance was registered; undefined if that is not known. */
  readonly through: Registration["Through"] | undefined;
}

/**
 * Deregisters an instance at the agent that owns it, and says whether it will come back. The instance of another node can only be taken out
 * of the catalog.
 */
export function Deregister({ id, service, node, isHere, hasAgent, ownNode, through }: DeregisterProps): JSX.Element {
  const send = (): ReturnType<typeof write> =>
    isHere
      ? write("PUT", `v1/agent/service/deregister/${encodeURIComponent(id)}`)
      : write("PUT", "v1/catalog/deregister", JSON.stringify({ Node: node, ServiceID: id }));
  const isOfOther = !isHere && hasAgent;
  return (
    <Ask
      button="Deregister"
      title={`Deregister ${id} on ${node}?`}
      action={isOfOther ? `Take ${id} out of the catalog` : `Deregister ${id}`}
      send={send}
      need={{ resource: "service", access: "write", segment: service }}
    >
      {isOfOther && (
        <p>
          {id} belongs to the agent on {node}, and this is the agent on {ownNode}. Deregister it there:{" "}
          <code>praetor services deregister -id={id}</code> on {node}.
        </p>
      )}
      <p>{returnOf({ node, isHere, hasAgent, through })}</p>
      {isHere && (
        <p>
          To stop clients from using it for a while, take it out of use instead.{" "}
          <button
            type="button"
            onClick={({ currentTarget }) => {
              currentTarget.closest("dialog")?.close();
              askMaintenance(id);
            }}
          >
            Maintenance instead
          </button>
        </p>
      )}
    </Ask>
  );
}

/** Returns whether an instance comes back after it is deregistered. */
function returnOf({
  node,
  isHere,
  hasAgent,
  through,
}: Pick<DeregisterProps, "node" | "isHere" | "hasAgent" | "through">): string {
  if (!hasAgent) return `No agent runs on ${node}, so it stays away until somebody registers it again.`;
  if (!isHere) return "Taken out of the catalog alone it will come back: its agent registers it again within minutes.";
  switch (through) {
    case "file":
      return "It will come back: a configuration file of this agent defines it, and the next reload or start reads that.";
    case "sidecar":
      return "It stays away until its service registers again, which brings its sidecar.";
    case "consul":
    case "core-keeper":
    case undefined:
      return "It stays away until its program registers it again, which EdgeX's services do when they start.";
  }
}
