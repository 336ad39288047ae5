import { portRecordList } from "../../ports/port-records.ts";
import { catalogOverview } from "../../registry/catalog-overview.ts";
import type { CheckOutputs } from "../../registry/check-outputs.ts";
import type { CheckTransitions } from "../../registry/check-transitions.ts";
import { consulVersion } from "../../model/consul-version.ts";
import {
  countStates,
  encodeFailingService,
  encodeTransition,
  type OverviewJson,
  type TransitionsJson,
} from "../../wire/overview.ts";
import { json } from "../answers.ts";
import { parseCount } from "../parameters.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface OverviewParts {
  readonly datacenter: string;
  readonly startedMs: number;
  readonly outputs: CheckOutputs;
  readonly transitions: CheckTransitions;
}

/** Maximum number of services that the overview names. */
const failingMax = 20;

/** Answers with numbers of services by status, and the worst of them with their reasons: all that a front page shows, in one answer. */
export function getOverview({ datacenter, outputs, startedMs, transitions }: OverviewParts): DatacenterEndpoint {
  return (request) => (reading) => {
    const overview = catalogOverview();
    const ports = portRecordList();
    const query = {
      topics: [...overview.topics, ...ports.topics],
      read: (state: Parameters<typeof overview.read>[0]) => ({ ...overview.read(state), ports: ports.read(state) }),
    };
    return answerJson(request, query, ({ nodes, instances, services, failing, ports: records }): OverviewJson => ({
      ...{ Node: reading.agent.node.name, Datacenter: datacenter, Version: consulVersion },
      ...{ StartedAt: new Date(startedMs).toISOString(), Nodes: nodes, Instances: instances },
      Services: {
        ...{ Critical: services.critical, Maintenance: services.maintenance },
        ...{ Warning: services.warning, Passing: services.passing },
      },
      Failing: failing.slice(0, failingMax).map((each) =>
        encodeFailingService(each, {
          output: outputs.outputOf(each.check),
          sinceMs: transitions.sinceMs(each.check),
        }),
      ),
      Ports: countStates(records),
    }))(reading);
  };
}

/** Maximum number of transitions in an answer without `limit`. */
const limitDefault = 100;

/**
 * Answers with the newest transitions of checks that this server has seen since its start, oldest first: at most `limit`, of those
 * after the number `since`, and of the checks of one service if the request names one.
 */
export function listTransitions({ transitions }: OverviewParts): DatacenterEndpoint {
  return (request) => {
    const since = parseCount(request.query, "since") ?? 0;
    const limit = parseCount(request.query, "limit") ?? limitDefault;
    return () => {
      const after = transitions.after(since, request.caller.rights, request.query.get("service"));
      const answer: TransitionsJson = {
        Number: transitions.count,
        Transitions: after.slice(Math.max(0, after.length - limit)).map(encodeTransition),
      };
      return json(request, answer);
    };
  };
}
