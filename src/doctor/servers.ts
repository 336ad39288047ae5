import { lagOf, quorumRisk } from "./server-health.ts";
import type { Facts, Finding } from "./facts.ts";

/** Reports that the servers have no leader, without which no write succeeds. */
export function noLeader({
  agent,
  members,
}: Pick<Facts, "members"> & { readonly agent: Pick<Facts["agent"], "hasLeader" | "nodeName"> }): readonly Finding[] {
  if (agent.hasLeader) return [];
  const away = members.filter(({ isServer, status }) => isServer && status !== "alive").map(({ name }) => name);
  return [
    {
      kind: "no-leader",
      where: `node ${agent.nodeName}`,
      problem:
        "The servers have no leader: every write fails, and every read that is not stale." +
        (away.length > 0 ? ` Of the servers, ${away.join(", ")} did not answer last.` : ""),
      advice:
        "Start the servers that are down, and check that the servers reach each other on their server port; their logs say for " +
        "what each waits.",
    },
  ];
}

/** Reports servers that do not answer the leader; it then knows no index of theirs. */
export function unhealthyServers({ servers }: Pick<Facts, "servers">): readonly Finding[] {
  const unhealthy = servers?.all.filter(({ isHealthy, index }) => !isHealthy && index === 0) ?? [];
  return unhealthy.map(({ name, address }) => ({
    kind: "server-unhealthy",
    where: `server ${name} at ${address}`,
    problem: "It does not answer the leader.",
    advice:
      "Start it again. If its machine is gone for good, start a new server that joins the others, and remove this one: praetor " +
      `operator raft remove-peer -address=${address}`,
  }));
}

/** Reports that one more failure would stop all writes. */
export function quorumAtRisk({ servers }: Pick<Facts, "servers">): readonly Finding[] {
  const risk = servers && quorumRisk(servers);
  if (servers === undefined || risk === undefined) return [];
  const voters = servers.all.filter(({ isVoter }) => isVoter);
  const unhealthy = voters.filter(({ isHealthy }) => !isHealthy).map(({ name }) => name);
  return [
    {
      kind: "quorum-at-risk",
      where: `servers ${listed(voters.map(({ name }) => name))}`,
      problem: `${risk}.`,
      advice:
        unhealthy.length > 0
          ? `Bring ${listed(unhealthy)} back, or start another server, before you stop or update any other.`
          : "Start another server that joins them: of three servers one may fail, and of two none.",
    },
  ];
}

/** Number of writes by which a server may be behind the leader. It is unhealthy above autopilot's MaxTrailingLogs, too. */
const lagMax = 1_000;

/** Reports servers that answer but are far behind the leader. */
export function laggingServers({ servers }: Pick<Facts, "servers">): readonly Finding[] {
  if (servers === undefined) return [];
  return servers.all
    .filter((server) => server.index > 0 && (!server.isHealthy || lagOf(server, servers) > lagMax))
    .map((server) => ({
      kind: "server-behind",
      where: `server ${server.name}`,
      problem: `It is ${lagOf(server, servers)} writes behind the others, so its stale answers are old.`,
      advice: "Check whether its disk or its network is slow.",
    }));
}

/** Milliseconds by which clocks of servers may differ: below the first all is well, above the second a clock is wrong. */
const apartMsMax = 1_000;
const wrongMsMin = 10_000;

/** Reports servers whose clocks are wrong by more than ten seconds. */
export function wrongClocks({ servers }: Pick<Facts, "servers">): readonly Finding[] {
  return clocksOff(servers)
    .filter(({ offMs }) => Math.abs(offMs) > wrongMsMin)
    .map((clock) => ({
      kind: "clock-wrong",
      where: `server ${clock.name}`,
      problem: `${apart(clock)}: certificates can count as expired or not yet valid, and times in logs and of values are wrong.`,
      advice:
        "Set its clock, and let it be kept right: timedatectl set-ntp true. The cluster itself depends on no clock.",
    }));
}

/** Reports servers whose clocks differ by more than a second, and at most ten. */
export function clocksApart({ servers }: Pick<Facts, "servers">): readonly Finding[] {
  return clocksOff(servers)
    .filter(({ offMs }) => Math.abs(offMs) > apartMsMax && Math.abs(offMs) <= wrongMsMin)
    .map((clock) => ({
      kind: "clocks-apart",
      where: `server ${clock.name}`,
      problem: `${apart(clock)}, so the times in the logs of the servers do not compare.`,
      advice: "Let all servers get their time from one source: timedatectl timesync-status shows that of a machine.",
    }));
}

interface ClockOff {
  readonly name: string;
  /** How far it is ahead of the clock of the server `than`, in milliseconds. */
  readonly offMs: number;
  readonly than: string;
}

/**
 * Returns how far the clocks of the servers differ from the one in the middle, since the leader's can be the wrong one. Either
 * of two servers can be it.
 */
function clocksOff(servers: Facts["servers"]): readonly ClockOff[] {
  const known = (servers?.all ?? [])
    .flatMap(({ name, clockAheadMs: aheadMs }) => (aheadMs === undefined ? [] : [{ name, aheadMs }]))
    .toSorted((one, other) => one.aheadMs - other.aheadMs);
  const middle = known[Math.floor(known.length / 2)];
  if (middle === undefined) return [];
  return known.map(({ name, aheadMs }) => ({ name, offMs: aheadMs - middle.aheadMs, than: middle.name }));
}

function apart({ offMs, than }: ClockOff): string {
  const seconds = (Math.abs(offMs) / 1_000).toFixed(1);
  return `Its clock is ${seconds} s ${offMs < 0 ? "behind" : "ahead of"} that of ${than}`;
}

/** Reports servers with different versions of Praetor, or of etcd. */
export function versionsApart({ servers }: Pick<Facts, "servers">): readonly Finding[] {
  const known = (servers?.all ?? []).flatMap(({ name, versions }) => (versions ? [{ name, ...versions }] : []));
  const silent = servers?.all.filter(({ isHealthy, versions }) => isHealthy && !versions) ?? [];
  // If no server tells its version, they are Consul's.
  const older = known.length > 0 ? silent.map(({ name }) => ({ name, version: "an older version" })) : [];
  const praetors = [...known.map(({ name, praetor }) => ({ name, version: praetor })), ...older];
  const etcds = known.flatMap(({ name, etcd }) => (etcd === "" ? [] : [{ name, version: etcd }]));
  return [
    ...apartBy("Praetor", praetors, "Praetor"),
    ...apartBy("etcd", etcds, "the package etcd-server, and then the agent,"),
  ];
}

function apartBy(
  program: string,
  servers: readonly { readonly name: string; readonly version: string }[],
  what: string,
): readonly Finding[] {
  const byVersion = Map.groupBy(servers, ({ version }) => version);
  if (byVersion.size < 2) return [];
  const shown = [...byVersion].map(([version, on]) => `${version} on ${listed(on.map(({ name }) => name))}`);
  return [
    {
      kind: "versions-apart",
      where: `servers ${listed(servers.map(({ name }) => name))}`,
      problem: `They run different versions of ${program}: ${shown.join(", ")}.`,
      advice: `Finish the update: replace ${what} on one server after the other, the leader last, and wait each time until all are healthy.`,
    },
  ];
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
