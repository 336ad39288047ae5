import { fieldsOf } from "../../client/json-object.ts";
import { messageOf } from "../../lib/errors.ts";
import type { CheckDefinition } from "../../model/check.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import { decodeCheckDefinition } from "../../wire/check-definition.ts";
import { decodeServiceDefinition } from "../../wire/service-definition.ts";
import { JsonRow } from "../json.ts";
import { serviceFields } from "./carried-node.ts";
import { toldCheck } from "./told-check.ts";

type Row = Readonly<Record<string, unknown>>;

export interface CarriedServices {
  readonly services: readonly ServiceDefinition[];
  /** Of the node. */
  readonly checks: readonly CheckDefinition[];
  /** Ids of checks of which the rows do not tell all. */
  readonly vagueChecks: ReadonlySet<string>;
  readonly remarks: readonly string[];
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
  const { vagueChecks, remarks } = carrying;
  return {
    services: services.toSorted(byId),
    checks: ofNode.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    vagueChecks,
    remarks,
  };
}

function byId(a: ServiceDefinition, b: ServiceDefinition): number {
  return a.service.id < b.service.id ? -1 : 1;
}

class Carrying {
  readonly remarks: string[] = [];
  readonly vagueChecks = new Set<string>();
  /** Services that have had a check that could not be carried. */
  readonly #unchecked = new Set<string>();

  check(row: Row): readonly CheckDefinition[] {
    const [id, service] = [new JsonRow(row).text("CheckID"), new JsonRow(row).text("ServiceID")];
    // Servers keep it by themselves.
    if (id === "serfHealth") return [];
    const named = `the check ${JSON.stringify(id)}${service === "" ? "" : ` of ${service}`}`;
    if (/^_(node|service)_maintenance\b/.test(id)) {
      this.remarks.push(`Maintenance mode${service === "" ? "" : ` of ${service}`} is not carried over.`);
      return [];
    }
    const told = toldCheck(row);
    if (typeof told === "string" || told.change !== undefined) this.vagueChecks.add(id);
    if (typeof told === "string") return this.#lost(named, told, service);
    if (told.change !== undefined)
      this.remarks.push(`Of ${named} Consul tells only what it printed; from that it ${told.change} now.`);
    try {
      return [decodeCheckDefinition(registrationOfCheck(row, told.method), options)];
    } catch (error) {
      return this.#lost(named, messageOf(error), service);
    }
  }

  #lost(named: string, why: string, service: string): readonly CheckDefinition[] {
    if (service !== "") this.#unchecked.add(service);
    this.remarks.push(`Not carried over: ${named}: ${why}.`);
    return [];
  }

  service(row: Row, checks: readonly CheckDefinition[]): readonly ServiceDefinition[] {
    const id = new JsonRow(row).text("ID");
    if (id === "consul") return [];
    try {
      const { service } = decodeServiceDefinition(registrationOfService(row), options);
      const own = checks.filter(({ serviceId }) => serviceId === id).toSorted((a, b) => (a.id < b.id ? -1 : 1));
      if (own.length === 0 && this.#unchecked.has(id))
        this.remarks.push(`The service ${id} comes without a check: it counts as healthy unless it has one here.`);
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
