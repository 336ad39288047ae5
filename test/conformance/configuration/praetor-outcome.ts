import { type Defined, FileDefinitions } from "../../../src/agent/file-definitions.ts";
import { toCatalogCheck } from "../../../src/agent/local-state.ts";
import { validateCommand } from "../../../src/cli/commands/validate.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { RuntimeConfig } from "../../../src/config/runtime-config.ts";
import { formatPlace } from "../../../src/config/syntax-tree.ts";
import { OperatingError } from "../../../src/lib/errors.ts";
import { createLog } from "../../../src/lib/log.ts";
import { describeSelf } from "../../../src/server/self-description.ts";
import { encodeCheck } from "../../../src/wire/check.ts";
import { renderGoJson } from "../../../src/wire/go-json.ts";
import { encodeAgentService } from "../../../src/wire/service.ts";
import { loneServer } from "../../support/lone-server.ts";
import { startTestAgent, type TestAgent } from "../../support/agent.ts";
import { runCommandWith } from "../../support/command-io.ts";
import { changedSettings, withoutFindings } from "./outcomes.ts";
import { kindsOf, type Outcome, type Piece } from "./piece.ts";
import { placePiece, type PlacedPiece } from "./place-piece.ts";

/**
 * Praetor's results for a piece: of `validate`, and of an agent's start up to the registration of its definitions. Both
 * run in this process.
 */
export interface PraetorOutcome extends Outcome {
  /** The definitions that the agent leaves out, each with its position and error. */
  readonly leftOut: readonly string[];
  /** The names of the fields of DebugConfig that Praetor has. */
  readonly settingsKnown: ReadonlySet<string>;
  /** The output of `validate`, or the error that ended the start. */
  readonly message: string;
}

const listening = [
  "-bind",
  "127.0.0.1",
  "-dns-port",
  "-1",
  "-grpc-port",
  "-1",
  "-hcl",
  'addresses { http = "127.0.0.1" } ports { https = -1 }',
];

export async function praetorOutcome(piece: Piece): Promise<PraetorOutcome> {
  using placed = placePiece(piece);
  const { validate, message } = await verdictOf(placed);
  const started = await start(placed);
  if (typeof started === "string")
    return {
      name: piece.name,
      ...validate,
      starts: false,
      leftOut: [],
      settingsKnown: new Set(),
      message: message || started,
    };
  const { world, config, definitions } = started;
  const { agent } = world;
  const checks = [...agent.checks].map(([id, check]) => [
    id,
    encodeCheck(toCatalogCheck("node1", check, agent.services.get(check.definition.serviceId)?.service), ""),
  ]);
  const described = debugConfig(config, world);
  const settings = changedSettings(described, await plainSettings());
  const leftOut = definitions.faults.filter(({ message: text }) => !text.includes("begins as critical"));
  return {
    name: piece.name,
    ...validate,
    starts: true,
    services: plainJson(agent.services, ({ service }) => encodeAgentService(service)),
    checks: withoutFindings(JSON.parse(renderGoJson(Object.fromEntries(checks), { pretty: false })) as object),
    settings: JSON.parse(JSON.stringify(settings)) as Readonly<Record<string, unknown>>,
    leftOut: leftOut.map(({ where, message: text }) => `${where}: ${text}`),
    settingsKnown: new Set(Object.keys(described)),
    message,
  };
}

async function verdictOf({
  validateWords,
}: PlacedPiece): Promise<{ validate: Pick<Outcome, "validate">; message: string }> {
  if (validateWords === undefined) return { validate: {}, message: "" };
  const { code, stderr } = await runCommandWith(validateCommand, validateWords);
  const valid = code === 0;
  return { validate: { validate: { valid, kinds: valid ? [] : kindsOf(stderr) } }, message: stderr };
}

interface Started {
  readonly config: RuntimeConfig;
  readonly definitions: FileDefinitions;
  readonly world: TestAgent;
}

/**
 * Starts an agent, registers the definitions as the command `agent` does, and returns the agent. Returns the error's
 * message instead if the configuration is refused.
 */
async function start(placed: Pick<PlacedPiece, "agentWords">): Promise<Started | string> {
  let config: RuntimeConfig;
  try {
    const args = [...placed.agentWords, ...listening];
    config = loadConfig({ args, env: {}, hostname: "gateway-7", interfaces: () => [] });
  } catch (error) {
    if (error instanceof OperatingError) return error.message;
    throw error;
  }
  const { enableScriptChecks: fromApi, enableLocalScriptChecks: fromFiles, sidecarPorts } = config;
  const world = await startTestAgent({ scripts: { fromApi, fromFiles }, sidecarPorts });
  const log = createLog({ level: "error", json: false, clock: world.clock, sink: () => {} }, "agent");
  const definitions = new FileDefinitions(world.agent, log);
  await definitions.start(definedIn(config));
  return { config, definitions, world };
}

function definedIn({ services, checks, origins, definitionFaults }: RuntimeConfig): Defined {
  const faults = definitionFaults.map(({ file, place, message }) => ({ where: formatPlace(file, place), message }));
  return { services, checks, origins, faults };
}

function debugConfig(config: RuntimeConfig, { agent, store }: TestAgent): object {
  return describeSelf(config, { agent, store, cluster: loneServer(store), members: [], definitionFaults: [] })
    .debugConfig;
}

let plain: Promise<object> | undefined;

function plainSettings(): Promise<object> {
  plain ??= (async () => {
    using placed = placePiece({ name: "none", files: {} });
    const started = await start(placed);
    if (typeof started === "string") throw new Error(started);
    return debugConfig(started.config, started.world);
  })();
  return plain;
}

function plainJson<T>(map: ReadonlyMap<string, T>, encode: (value: T) => object): Readonly<Record<string, unknown>> {
  const object = Object.fromEntries([...map].map(([id, value]) => [id, encode(value)]));
  return JSON.parse(renderGoJson(object, { pretty: false })) as Readonly<Record<string, unknown>>;
}
