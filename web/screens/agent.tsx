import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import type { OverviewJson } from "../../src/wire/overview.ts";
import type { AgentSelf } from "../live/answers.ts";
import { nowMs } from "../live/feed.ts";
import { pageVersion } from "../live/place.ts";
import { useReading, write } from "../live/reading.ts";
import { Ask } from "../parts/ask.tsx";
import { sizeOf } from "../parts/size.ts";
import { Time } from "../parts/time.tsx";
import { Frame } from "../shell/frame.tsx";
import { LettersSwitch } from "../shell/letters-switch.tsx";
import { theme, themes } from "../shell/theme.ts";
import { RestoreButton, SaveButton } from "./agent-snapshot.tsx";

/** `v1/agent/host`; sizes in bytes. */
interface Host {
  readonly Memory: { readonly total: number; readonly available: number };
  readonly Disk: { readonly path: string; readonly total: number; readonly free: number };
}

/** This agent: its versions, places, ports and configuration; its snapshots and its reload; and the settings of this browser. */
export function AgentScreen(): JSX.Element {
  const self = useReading<AgentSelf>({ path: "v1/agent/self", topics: [] });
  const node = self.value?.Config.NodeName ?? "";
  return (
    <Frame title="Agent" readings={[self]}>
      {self.value && <Facts {...self.value} />}
      <h2>Data</h2>
      <p class="actions">
        <SaveButton node={node} /> <RestoreButton node={node} />
      </p>
      <h2>Configuration</h2>
      <Reload node={node} />
      {self.value && <Configuration config={self.value.DebugConfig} />}
      <h2>This browser</h2>
      <ThisBrowser />
    </Frame>
  );
}

function Facts({ Config, DebugConfig, Stats }: AgentSelf): JSX.Element {
  const overview = useReading<OverviewJson>({ path: "v1/praetor/overview", topics: [], isBackground: true });
  const host = useReading<Host>({ path: "v1/agent/host", topics: [], isBackground: true });
  const { StartedAt } = overview.value ?? {};
  const role = Config.Server ? (Stats?.["raft"]?.["state"] ?? "") : "";
  const { Memory, Disk } = host.value ?? {};
  const notTold = (failure: typeof host.failure): string =>
    failure?.kind === "denied" ? `not allowed: ${failure.text}` : failure ? "this agent does not tell it" : "";
  const facts: readonly [string, ComponentChildren][] = [
    ["Node", `${Config.NodeName} in ${Config.Datacenter}`],
    ["Role", Config.Server ? `server ${role === "" ? "" : `(${role.toLowerCase()})`}` : "client agent"],
    ["Version", `Praetor ${pageVersion}, Apache License 2.0`],
    ["Speaks", `the API of Consul ${Config.Version}`],
    [
      "Started",
      StartedAt === undefined ? notTold(overview.failure) : <Time atMs={Date.parse(StartedAt)} nowMs={nowMs.value} />,
    ],
    ["Data folder", textOf(DebugConfig["DataDir"]) || "none: all is in memory"],
    ["Listens on", listenersOf(DebugConfig) || "no address"],
    ["Ports open", portsOf(DebugConfig) || "none"],
    ["Memory", Memory ? `${sizeOf(Memory.available)} of ${sizeOf(Memory.total)} free` : notTold(host.failure)],
    ["Disk", Disk ? `${sizeOf(Disk.free)} of ${sizeOf(Disk.total)} free on ${Disk.path}` : notTold(host.failure)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function listenersOf(config: AgentSelf["DebugConfig"]): string {
  const addresses = ["HTTPAddrs", "HTTPSAddrs", "DNSAddrs", "GRPCAddrs"].flatMap((name) => {
    const listed = config[name];
    return Array.isArray(listed) ? listed.map((each) => textOf(each)) : [];
  });
  return [...new Set(addresses)].join(", ");
}

function portsOf(config: AgentSelf["DebugConfig"]): string {
  const named = ["HTTPPort", "HTTPSPort", "DNSPort", "ServerPort"].flatMap((name) => {
    const port = config[name];
    return typeof port === "number" && port > 0 ? [`${name.replace("Port", "")} ${port}`] : [];
  });
  return named.join(", ");
}

/** Reads the configuration files anew, after a question, and shows the agent's answer. */
function Reload({ node }: { readonly node: string }): JSX.Element {
  const result = useSignal("");
  return (
    <p class="actions">
      <Ask
        button="Reload"
        title="Read the configuration files anew?"
        action="Reload"
        need={{ resource: "agent", access: "write", segment: node }}
        send={async () => {
          result.value = "";
          const outcome = await write("PUT", "v1/agent/reload");
          if ("answer" in outcome) result.value = `Reloaded at ${new Date().toLocaleTimeString()}.`;
          return outcome;
        }}
      >
        <p>
          Services, checks and tokens of the files are taken over. A fault in a file changes nothing, and is shown here.
        </p>
      </Ask>{" "}
      <span role="status">{result.value}</span>
    </p>
  );
}

/** The configuration as the agent uses it, a line for each setting. */
function Configuration({ config }: { readonly config: AgentSelf["DebugConfig"] }): JSX.Element {
  return (
    <details>
      <summary>All settings; secrets are hidden by the agent</summary>
      <dl class="facts">
        {Object.entries(config).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{textOf(value) || "–"}</code>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function ThisBrowser(): JSX.Element {
  return (
    <>
      <label class="check">
        Theme{" "}
        <select
          value={theme.value}
          onChange={({ currentTarget }) => {
            theme.value = themes.find((each) => each === currentTarget.value) ?? "system";
          }}
        >
          {themes.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      <LettersSwitch />
    </>
  );
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
