import type { JSX } from "preact";
import type { Instance } from "../live/answers.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { serviceMaintenancePrefix } from "../parts/maintenance.ts";
import { compareStatus, type Status, StatusMark, statusOf, worstOf } from "../parts/status.tsx";
import { useCalm } from "../parts/use-calm.ts";
import { type AgentCheck, CheckItem } from "./check-item.tsx";
import { Deregister } from "./deregister.tsx";
import { MaintenanceButton } from "./maintenance-button.tsx";
import type { Registration } from "./registrations.ts";

interface InstanceCardProps {
  readonly instance: Instance;
  /** The node of the agent that serves the page; undefined while it is unknown. */
  readonly ownNode: string | undefined;
  /** The checks of that agent by id; undefined while they are unknown. */
  readonly ownChecks: Readonly<Record<string, AgentCheck>> | undefined;
  /** The registrations of that agent; undefined if it is a Consul, which does not tell them. */
  readonly registrations: readonly Registration[] | undefined;
}

export function instanceStatus({ Checks }: Instance): Status {
  return worstOf(Checks.map(statusOf));
}

/** An instance with its place, its checks, and what can be done with it. */
export function InstanceCard({ instance, ownNode, ownChecks, registrations }: InstanceCardProps): JSX.Element {
  const { Node, Service: service, Checks } = instance;
  const address = `${service.Address || Node.Address}:${service.Port}`;
  const isHere = Node.Node === ownNode;
  const registration = isHere
    ? registrations?.find(({ ID, Halted: halted }) => ID === service.ID && !halted)
    : undefined;
  const hasAgent = isHere || Checks.some(({ CheckID }) => CheckID === "serfHealth");
  // No client has registered the agent's own entry in the catalog.
  const isOwnEntry = isHere && service.ID === "consul";
  const { Passing, Warning } = service.Weights;
  const worstFirst = Checks.toSorted((a, b) => compareStatus(statusOf(a), statusOf(b)));
  const checks = useCalm(worstFirst, { keyOf: ({ CheckID }) => CheckID, question: "" });
  return (
    <section class="card" aria-label={service.ID}>
      <h2>
        <StatusMark status={instanceStatus(instance)} /> {service.ID}
      </h2>
      <p>
        <code>{address}</code> <CopyButton text={address} thing="the address" /> on {Node.Node}
        {service.Tags && service.Tags.length > 0 && ` · ${service.Tags.join(", ")}`}
      </p>
      <p class="hint">
        {originOf({ node: Node.Node, isHere, hasAgent, registration, isOwnEntry })}
        {(Passing !== 1 || Warning !== 1) && ` · weight ${Passing} passing, ${Warning} in warning`}
        {Object.entries(service.Meta ?? {}).map(([key, value]) => ` · ${key}=${value}`)}
      </p>
      {!isOwnEntry && ownNode !== undefined && (
        <div class="actions">
          {isHere && (
            <MaintenanceButton
              thing={service.ID}
              path={`v1/agent/service/maintenance/${encodeURIComponent(service.ID)}`}
              need={{ resource: "service", access: "write", segment: service.Service }}
              consequence="Its health becomes critical, so clients stop using it. It goes on running, and its checks too."
              reason={Checks.find(({ CheckID }) => CheckID === serviceMaintenancePrefix + service.ID)?.Notes}
            />
          )}
          <Deregister
            {...{
              id: service.ID,
              service: service.Service,
              node: Node.Node,
              isHere,
              hasAgent,
              ownNode,
              through: registration?.Through,
            }}
          />
        </div>
      )}
      <ul class="checks" {...checks.handlers}>
        {checks.shown.map((check) => (
          <CheckItem
            key={check.CheckID}
            {...{ check, own: isHere ? ownChecks?.[check.CheckID] : undefined, canRun: registrations !== undefined }}
          />
        ))}
      </ul>
    </section>
  );
}

interface Origin {
  readonly node: string;
  readonly isHere: boolean;
  readonly hasAgent: boolean;
  readonly registration: Registration | undefined;
  readonly isOwnEntry: boolean;
}

/** Returns who registered an instance, as far as that is known. */
function originOf({ node, isHere, hasAgent, registration, isOwnEntry }: Origin): string {
  if (isOwnEntry) return "the agent itself";
  if (!hasAgent) return `written into the catalog for ${node}, which has no agent`;
  switch (registration?.Through) {
    case undefined:
      return isHere ? "registered with this agent" : `registered with the agent on ${node}`;
    case "consul":
      return "registered with this agent by Consul's API";
    case "core-keeper":
      return "registered with this agent by core-keeper's API";
    case "file":
      return "registered by a configuration file of this agent";
    case "sidecar":
      return "registered as the sidecar of another service";
  }
}
