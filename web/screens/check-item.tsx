import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Check } from "../live/answers.ts";
import type { Need } from "../live/need.ts";
import { write } from "../live/reading.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Fault } from "../parts/fault.tsx";
import { StatusMark, statusOf } from "../parts/status.tsx";
import { Lasting } from "../parts/time.tsx";
import { WriteButton } from "../parts/write-button.tsx";

/** An element of `v1/agent/checks?definitions`: a check of the agent, with the body of its registration for those who may write it. */
export interface AgentCheck extends Check {
  readonly Definition?: {
    readonly Interval?: string;
    readonly Timeout?: string;
    readonly TTL?: string;
    readonly HTTP?: string;
    readonly TCP?: string;
    readonly GRPC?: string;
    readonly ScriptArgs?: readonly string[];
    readonly DockerContainerID?: string;
    readonly AliasService?: string;
    readonly AliasNode?: string;
  };
}

interface CheckItemProps {
  readonly check: Check;
  /** The same check of the agent that serves the page; undefined for a check of another agent. */
  readonly own: AgentCheck | undefined;
  /** Whether the agent can run a check at once: a Consul cannot. */
  readonly canRun: boolean;
}

/** A check with its status, the way in which it is run, and what it said last. */
export function CheckItem({ check, own, canRun }: CheckItemProps): JSX.Element {
  const { Name, CheckID, Output, Notes, Since, Type = "" } = check;
  const text = Output.trim() === "" ? Notes : Output;
  const how = [Type, own && howOf(own)].filter((part) => part !== "" && part !== undefined).join(" · ");
  return (
    <li>
      <StatusMark status={statusOf(check)} /> {Name} <span class="hint">{how}</span>
      {Since !== undefined && (
        <span class="hint">
          {" · "}
          <Lasting sinceMs={Date.parse(Since)} />
        </span>
      )}{" "}
      {own && canRun && isRun(own) && <RunNow id={CheckID} need={needOf(check)} />}
      {text !== "" && (
        <div class="output">
          <pre>{text}</pre>
          <CopyButton text={text} thing={`the output of ${Name}`} />
        </div>
      )}
    </li>
  );
}

/** Returns the target of a check and its times: "http://10.0.0.7/ping · every 10s · timeout 2s". */
function howOf({ Definition: definition }: AgentCheck): string {
  if (!definition) return "";
  const { Interval, Timeout, TTL, HTTP, TCP, GRPC, ScriptArgs, AliasService, AliasNode } = definition;
  const target = HTTP ?? TCP ?? GRPC ?? ScriptArgs?.join(" ") ?? AliasService ?? AliasNode;
  return [
    target,
    Interval !== undefined && `every ${shortened(Interval)}`,
    Timeout !== undefined && `timeout ${shortened(Timeout)}`,
    TTL !== undefined && `the service itself reports, at least every ${shortened(TTL)}`,
  ]
    .filter((part) => typeof part === "string")
    .join(" · ");
}

/** Returns a duration of Go without parts that are zero at its end: "1h0m0s" as "1h". */
function shortened(duration: string): string {
  return duration.replace(/(?<=\d[hm])(?:0m)?0s$/, "");
}

/** The kinds of checks that an agent runs at intervals. A TTL check, an alias and maintenance are not run. */
const runTypes: ReadonlySet<string> = new Set(["http", "tcp", "grpc", "script", "docker"]);

function isRun({ Definition: definition, Type = "" }: AgentCheck): boolean {
  // A check that a file defines has no type.
  return runTypes.has(Type) || definition?.Interval !== undefined;
}

/** Returns the right to run a check: that to write its service, or its node. */
function needOf({ Node, ServiceName }: Check): Need {
  return ServiceName === ""
    ? { resource: "node", access: "write", segment: Node }
    : { resource: "service", access: "write", segment: ServiceName };
}

/** Runs a check at once. The page reads the result like any other change. */
function RunNow({ id, need }: { readonly id: string; readonly need: Need }): JSX.Element {
  const isRunning = useSignal(false);
  const fault = useSignal<string | undefined>(undefined);
  return (
    <>
      <WriteButton
        need={need}
        onClick={() => {
          if (isRunning.value) return;
          isRunning.value = true;
          void write("PUT", `v1/praetor/check/run/${encodeURIComponent(id)}`).then((outcome) => {
            isRunning.value = false;
            fault.value = "failure" in outcome ? outcome.failure.text : undefined;
          });
        }}
      >
        {isRunning.value ? "Running" : "Run now"}
      </WriteButton>
      <Fault>{fault.value}</Fault>
    </>
  );
}
