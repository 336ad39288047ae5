import { fieldsOf } from "../../client/json-object.ts";
import { messageOf } from "../../lib/errors.ts";
import type { CheckDefinition } from "../../model/check.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import { decodeCheckDefinition } from "../../wire/check-definition.ts";
import { decodeServiceDefinition } from "../../wire/service-definition.ts";
import { JsonRow } from "../json.ts";
import { serviceFields } from "./carried-node.ts";
import type { CheckRemark } from "./inventory.ts";
import { toldCheck } from "./told-check.ts";

type Row = Readonly<Record<string, unknown>>;

export interface CarriedServices {
  readonly services: readonly ServiceDefinition[];
  /** Of the node. */
  readonly checks: readonly CheckDefinition[];
  /** Ids of checks of which the rows do not tell all. */
  readonly vagueChecks: ReadonlySet<string>;
  readonly remarks: readonly string[];
  readonly checkRemarks: readonly CheckRemark[];
}

/** No limit: that of the agent counts, which takes the definition. */
const outputBytesMax: number = Number.MAX_SAFE_INTEGER;
/** How definitions that are carried are read: as an agent's HTTP API does. */
const options = { source: "api", outputBytesMax } as const;

/**
 * What an agent was asked to register, from its services and checks as agent/services, agent/checks or the catalog list
 * them.
 */
export function carriedServices(serviceRows: readonly unknown[], checkRows: readonly unknown[]): CarriedServices {
  const carrying = new Carrying();
  const checks = checkRows.map(fieldsOf).flatMap((row) => carrying.check(row));
  const services = serviceRows.map(fieldsOf).flatMap((row) => carrying.service(row, checks));
  const ofNode = checks.filter(({ serviceId }) => serviceId === "");
  const { vagueChecks, remarks, checkRemarks } = carrying;
  return {
    services: services.toSorted(byId),
    checks: ofNode.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    vagueChecks,
    remarks,
    checkRemarks,
  };
}

function byId(a: ServiceDefinition, b: ServiceDefinition): number {
  return a.service.id < b.service.id ? -1 : 1;
}

class Carrying {
  readonly remarks: string[] = [];
  readonly checkRemarks: CheckRemark[] = [];
  readonly vagueChecks = new Set<string>();

  check(row: Row): readonly CheckDefinition[] {
    const [id, service] = [new JsonRow(row).text("CheckID"), new JsonRow(row).text("ServiceID")];
    const remark = (text: string, isLost: boolean): void =>
      void this.checkRemarks.push({ id, serviceId: service, text, isLost });
    // Servers keep it by themselves.
    if (id === "serfHealth") return [];
    const named = `the check ${JSON.stringify(id)}${service === "" ? "" : ` of ${service}`}`;
    if (/^_(node|service)_maintenance\b/.test(id)) {
      this.remarks.push(`Maintenance mode${service === "" ? "" : ` of ${service}`} is not carried over.`);
      return [];
    }
    const told = toldCheck(row);
    if (typeof told === "string" || told.change !== undefined) this.vagueChecks.add(id);
    try {
      if (typeof told === "string") throw new Error(told);
      if (told.change !== undefined)
        remark(`Consul tells only what ${named} printed; from that it ${told.change} now.`, false);
      return [decodeCheckDefinition(registrationOfCheck(row, told.method), options)];
    } catch (error) {
      remark(`Not carried over: ${named}: ${messageOf(error)}.`, true);
      return [];
    }
  }

  service(row: Row, checks: readonly CheckDefinition[]): readonly ServiceDefinition[] {
    const id = new JsonRow(row).text("ID");
    if (id === "consul") return [];
    try {
      const { service } = decodeServiceDefinition(registrationOfService(row), options);
      const own = checks.filter(({ serviceId }) => serviceId === id).toSorted((a, b) => (a.id < b.id ? -1 : 1));
      return [{ service, checks: own }];
    } catch (error) {
      this.remarks.push(`Not carried over: the service ${id}: ${messageOf(error)}.`);
      return [];
    }
  }
}

function registrationOfCheck(row: Row, method: Row): Row {
  const { CheckID, Name, Notes, ServiceID } = row;
  return { ...method, ID: CheckID, Name: Name || CheckID, Notes, ServiceID };
}

/** In the words of agent/service/register. */
function registrationOfService(row: Row): Row {
  const { Service: Name, ...rest } = serviceFields(row);
  return { ...rest, Name };
}
