import type { ComponentChildren, JSX } from "preact";
import type { TransitionsJson } from "../../src/wire/overview.ts";
import { nowMs } from "../live/feed.ts";
import { useReading } from "../live/reading.ts";
import { isSparing } from "../live/sparing.ts";
import type { Reading } from "../live/view-state.ts";
import { isMaintenance } from "../parts/maintenance.ts";
import { Sparkline } from "../parts/sparkline.tsx";
import { Age, distance } from "../parts/time.tsx";
import { hrefOf } from "../shell/router.ts";
import { meaningOf } from "./port-record.ts";

interface PanelProps {
  readonly title: string;
  /** The screen with all of it. */
  readonly href?: string;
  /** The panel's data: if they are refused, the reason stands where they would be. */
  readonly reading?: Reading<unknown>;
  readonly children: ComponentChildren;
}

function Panel({ title, href, reading, children }: PanelProps): JSX.Element {
  return (
    <section class="card" aria-label={title}>
      <h2>{href === undefined ? title : <a href={hrefOf(href)}>{title}</a>}</h2>
      {reading?.failure && <p class="hint">{reading.failure.text}</p>}
      {children}
    </section>
  );
}

/** The answer of `v1/praetor/doctor`. */
interface Report {
  readonly Findings: readonly { readonly Kind: string; readonly Where: string; readonly Problem: string }[];
}

/** Findings that the panel shows. */
const findingsMax = 3;

/** The findings of the agent's own examination, which is made when the screen opens. */
export function DoctorPanel(): JSX.Element {
  const reading = useReading<Report>({ path: "v1/praetor/doctor", topics: [] });
  const findings = reading.value?.Findings ?? [];
  return (
    <Panel title="Doctor" href="/doctor" reading={reading}>
      {reading.value && <p>{findings.length === 0 ? "Nothing found." : countOf(findings.length, "finding")}</p>}
      <ul>
        {findings.slice(0, findingsMax).map(({ Kind, Where, Problem }) => (
          <li key={`${Kind} ${Where}`}>{Problem}</li>
        ))}
      </ul>
      {findings.length > findingsMax && <p class="hint">and {findings.length - findingsMax} more</p>}
    </Panel>
  );
}

/** States of port records in which the operator has to act, or a service is at another port than its clients may think. */
const unsettled = ["conflict", "exhausted", "pinned", "pending"];

export function PortsPanel({ states }: { readonly states: Readonly<Record<string, number>> }): JSX.Element | null {
  const found = unsettled.filter((state) => (states[state] ?? 0) > 0);
  if (found.length === 0) return null;
  return (
    <Panel title="Ports" href="/ports">
      <ul>
        {found.map((state) => (
          <li key={state}>
            {states[state]} {state}: {meaningOf(state)}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** The last ten changes of checks' statuses, the newest first. */
export function TransitionsPanel(): JSX.Element {
  const reading = useReading<TransitionsJson>({ path: "v1/praetor/transitions?limit=10", topics: ["health"] });
  return (
    <Panel title="Last changes" reading={reading}>
      {reading.value?.Transitions.length === 0 && <p>No check has changed its status since the agent's start.</p>}
      <ol class="transitions">
        {reading.value?.Transitions.toReversed().map(
          ({ Number: number, At, Service, Node, Name, CheckID, From, To }) => {
            const [from, to] = [From, To].map((status) =>
              status === "critical" && isMaintenance(CheckID) ? "maintenance" : status,
            );
            return (
              <li key={number}>
                {Service === "" ? Node : <a href={hrefOf(`/services/${encodeURIComponent(Service)}`)}>{Service}</a>}{" "}
                <span class="hint">{Name}</span> {from} → <strong class={to}>{to}</strong>{" "}
                <span class="hint">
                  <Age atMs={Date.parse(At)} />
                </span>
              </li>
            );
          },
        )}
      </ol>
    </Panel>
  );
}

/** The used part of `v1/agent/host`; sizes in bytes. */
interface Host {
  readonly Memory: { readonly total: number; readonly available: number };
  readonly Disk: { readonly path: string; readonly total: number; readonly free: number };
}

/** The answer of `v1/praetor/metrics-series`. */
interface Metrics {
  readonly IntervalSeconds: number;
  readonly Series: readonly { readonly Name: string; readonly Values: readonly (number | null)[] }[];
}

/** The metrics of the panel with their words; counters become numbers per second. */
const shown = [
  { name: "consul.rpc.query", title: "Queries", unit: "/s", isCounter: true },
  { name: "consul.raft.apply", title: "Writes", unit: "/s", isCounter: true },
  { name: "consul.raft.commitTime", title: "Commit", unit: " ms", isCounter: false },
] as const;

const seriesPath = `v1/praetor/metrics-series?${shown.map(({ name }) => `name=${name}`).join("&")}`;

/** The machine and the process of the agent. A browser that saves data is shown the values of the moment, and no lines. */
export function MachinePanel({
  startedMs,
  version,
}: {
  readonly startedMs: number;
  readonly version: string;
}): JSX.Element {
  const host = useReading<Host>({ path: "v1/agent/host", topics: [], everyMs: 60_000 });
  return (
    <Panel title="Agent" reading={host}>
      <p>
        Up for {distance(nowMs.value - startedMs)}, answers as Consul {version}
      </p>
      {host.value && (
        <p>
          Disk {sizeOf(host.value.Disk.free)} free of {sizeOf(host.value.Disk.total)}, memory{" "}
          {sizeOf(host.value.Memory.available)} free of {sizeOf(host.value.Memory.total)}
        </p>
      )}
      {!isSparing() && <Lines />}
    </Panel>
  );
}

function Lines(): JSX.Element {
  const { value } = useReading<Metrics>({ path: seriesPath, topics: [], everyMs: 10_000 });
  const series = new Map(value?.Series.map(({ Name, Values }) => [Name, Values]));
  return (
    <>
      {shown.map(({ name, title, unit, isCounter }) => {
        const values = series.get(name);
        if (!values || !value) return null;
        const scaled = isCounter ? values.map((each) => (each ?? 0) / value.IntervalSeconds) : values;
        const now = scaled.at(-1);
        return (
          <p key={name} class="line">
            <Sparkline values={scaled} label={`${title} in the last ten minutes`} /> {title}{" "}
            {typeof now === "number" ? `${now.toFixed(1)}${unit}` : "none"}
          </p>
        );
      })}
    </>
  );
}

const units = ["B", "KB", "MB", "GB", "TB"] as const;

/** Returns a size with its unit: "12 GB". */
function sizeOf(bytes: number): string {
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1_000 ** at).toPrecision(2))} ${units[at]}`;
}

function countOf(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
