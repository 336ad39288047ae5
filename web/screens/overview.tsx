import type { JSX } from "preact";
import type { OverviewJson } from "../../src/wire/overview.ts";
import { useReading } from "../live/reading.ts";
import { PendingTrials, trialsTopic } from "../parts/pending-trials.tsx";
import { StatusMark } from "../parts/status.tsx";
import { Lasting } from "../parts/time.tsx";
import { useCalm } from "../parts/use-calm.ts";
import { Frame } from "../shell/frame.tsx";
import { hrefOf } from "../shell/router.ts";
import { DoctorPanel, MachinePanel, PortsPanel, TransitionsPanel } from "./overview-panels.tsx";
import { sentenceOf } from "./sentence-of.ts";
import { sinceOf, useServiceRows } from "./service-rows.ts";

/** Failing services that the overview lists; the rest are behind a link. The agent's own overview has as many. */
const listedMax = 20;

/** The sentence that says whether something is wrong, the failing services with their reasons, and the state of the agent itself. */
export function Overview(): JSX.Element {
  const reading = useReading<OverviewJson>({
    path: "v1/praetor/overview",
    topics: ["services", "health", "ports", trialsTopic],
  });
  // A Consul has no overview. An agent that has given one has it still.
  if (reading.failure?.kind === "gone" && reading.value === undefined) return <OverviewOfConsul />;
  const { value } = reading;
  return (
    <Frame title="Overview" readings={[reading]}>
      {value && (
        <>
          <p class="sentence">{sentenceOf(countsOf(value), worstSinceMs(value))}</p>
          <PendingTrials />
          <Failing
            all={value.Services.Critical + value.Services.Maintenance + value.Services.Warning}
            failing={value.Failing.map(({ Service, Status, Reason, Since }) => ({
              ...{ name: Service, status: Status, reason: Reason },
              sinceMs: Since === undefined ? undefined : Date.parse(Since),
            }))}
          />
          <div class="panels">
            <DoctorPanel />
            <PortsPanel states={value.Ports} />
            <TransitionsPanel />
            <MachinePanel startedMs={Date.parse(value.StartedAt)} version={value.Version} />
          </div>
        </>
      )}
    </Frame>
  );
}

function countsOf({ Services }: OverviewJson): Parameters<typeof sentenceOf>[0] {
  const { Critical: critical, Maintenance: maintenance, Warning: warning, Passing: passing } = Services;
  return { critical, maintenance, warning, passing };
}

/** Returns since when the worst services have their status: since the first of them has it; undefined if that is not known of all. */
function worstSinceMs({ Failing: failing, Services }: OverviewJson): number | undefined {
  const worst = failing.filter(({ Status }) => Status === failing[0]?.Status);
  return worst.length === listedMax && Services.Critical > listedMax ? undefined : sinceOf(worst);
}

/** The overview from the lists that a Consul has, too. */
function OverviewOfConsul(): JSX.Element {
  const { rows, readings } = useServiceRows();
  const count = (status: string): number => rows.filter((row) => row.status === status).length;
  const [critical, maintenance, warning] = [count("critical"), count("maintenance"), count("warning")];
  const failing = rows.filter(({ status }) => status !== "passing");
  return (
    <Frame title="Overview" readings={readings}>
      {readings.every(({ value }) => value !== undefined) && (
        <p class="sentence">{sentenceOf({ critical, maintenance, warning, passing: count("passing") })}</p>
      )}
      <Failing all={failing.length} failing={failing.slice(0, listedMax)} />
    </Frame>
  );
}

interface FailingProps {
  /** The number of services that do not pass. */
  readonly all: number;
  readonly failing: readonly {
    readonly name: string;
    readonly status: Parameters<typeof StatusMark>[0]["status"];
    readonly reason: string;
    readonly sinceMs: number | undefined;
  }[];
}

function Failing({ failing, all }: FailingProps): JSX.Element {
  const list = useCalm(failing, { keyOf: ({ name }) => name, question: "" });
  return (
    <div {...list.handlers}>
      {list.changes > 0 && (
        <button type="button" onClick={list.settle}>
          {list.changes} changes
        </button>
      )}
      <ul class="failing">
        {list.shown.map(({ name, status, reason, sinceMs }) => (
          <li key={name}>
            <StatusMark status={status} /> <a href={hrefOf(`/services/${encodeURIComponent(name)}`)}>{name}</a>{" "}
            <span class="hint">{sinceMs !== undefined && <Lasting {...{ sinceMs }} />}</span>
            {reason !== "" && <span class="reason">{reason}</span>}
          </li>
        ))}
      </ul>
      {all > failing.length && (
        <p>
          First {failing.length} of {all}. <a href={hrefOf("/services")}>All services</a>
        </p>
      )}
    </div>
  );
}
