import type { Gateway } from "./gateway.ts";

export type Say = (line: string) => void;

/** Shows, on a running gateway, how two services get other ports when theirs are in use or reserved. */
export async function showPortClashes(gateway: Gateway, say: Say): Promise<void> {
  await showStoredPort(gateway, say);
  await showRunningMove(gateway, say);
}

/** Shows that an unmodified service of Geneva reads another port than the stored one, if the stored port is in use. */
async function showStoredPort(gateway: Gateway, say: Say): Promise<void> {
  const wanted = gateway.ports["core-data"];
  await gateway.passingPort("edgex-core-data");
  say("1. TWO SERVICES, ONE PORT");
  say(`device-virtual comes with settings of another gateway. Their port, ${wanted}, is core-data's here.`);
  const base = "edgex/devices/1.0/device-virtual/Service";
  await showCommand(gateway, say, ["kv", "put", `${base}/Host`, "127.0.0.1"]);
  await showCommand(gateway, say, ["kv", "put", `${base}/Port`, `${wanted}`]);
  say("It is started, and reads its settings: that is when the agent gives it another port.");
  gateway.startService("device-virtual");
  const port = await gateway.passingPort("device-virtual");
  await showCommand(gateway, say, ["ports", "device-virtual"]);
  await showCommand(gateway, say, ["kv", "get", `${base}/Port`]);
  say("It is well on its new port, core-data on its old one, and core-command finds both.");
  await showGet(say, `http://127.0.0.1:${port}/api/v1/ping`);
  await showGet(say, `${gateway.serviceUrl("core-data")}/api/v1/ping`);
  await gateway.passingPort("edgex-core-metadata");
  await showGet(say, `${gateway.serviceUrl("core-command")}/api/v1/device/name/dice/command/roll`);
}

/** Shows that a service which uses bootstrap() moves to its new port without a restart. */
async function showRunningMove(gateway: Gateway, say: Say): Promise<void> {
  const { kuiper } = gateway.ports;
  say("2. A SERVICE MOVES WHILE IT RUNS");
  say(`The panel has ${kuiper} in its file, which this gateway keeps for Kuiper (edgex.ports.reserved).`);
  const panel = gateway.startPanel();
  const port = await gateway.passingPort("panel");
  await showCommand(gateway, say, ["ports", "panel"]);
  say(`It was told when it registered, and has moved${panel.hasEnded ? "" : "; it is still the same process"}.`);
  await showGet(say, `http://127.0.0.1:${port}/`);
}

/** Shows that a service of EdgeX 4 receives a changed key over the message bus. */
export async function showMessageBus(gateway: Gateway, say: Say): Promise<void> {
  say("3. A CHANGED SETTING COMES BY MQTT");
  if (!gateway.hasMessageBus) {
    say("Left out: mosquitto is not installed (on Debian: apt-get install mosquitto).");
    return;
  }
  await gateway.passingPort("app-rules-engine");
  const configUrl = `${gateway.serviceUrl("app-rules-engine")}/api/v3/config`;
  const level = async (): Promise<string> => {
    const { Writable } = (await (await fetch(configUrl)).json()) as { Writable: { LogLevel: string } };
    return Writable.LogLevel;
  };
  const next = (await level()) === "DEBUG" ? "INFO" : "DEBUG";
  say("app-rules-engine is of EdgeX 4. The key is changed over Consul's API, and it is told as by core-keeper.");
  await showCommand(gateway, say, ["kv", "put", "edgex/v4/app-rules-engine/Writable/LogLevel", next]);
  while ((await level()) !== next) await Bun.sleep(50);
  await showGet(say, configUrl);
}

async function showCommand(gateway: Gateway, say: Say, words: readonly string[]): Promise<void> {
  say(`$ praetor ${words.join(" ")}`);
  for (const line of (await gateway.command(...words)).split("\n")) say(line);
}

async function showGet(say: Say, url: string): Promise<void> {
  say(`$ curl ${url}`);
  const response = await fetch(url);
  for (const line of (await response.text()).trimEnd().split("\n")) say(line);
}
