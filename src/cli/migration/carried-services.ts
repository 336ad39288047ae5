import { fieldsOf } from "../../client/json-object.ts";
import { messageOf } from "../../lib/errors.ts";
import type { CheckDefinition } from "../../model/check.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import { decodeCheckDefinition } from "../../wire/check-definition.ts";
import { decodeServiceDefinition } from "../../wire/service-definition.ts";
import { JsonRow } from "../../client/json-row.ts";
import { serviceFields } from "./carried-node.ts";
import type { CheckRemark } from "./inventory.ts";
import { checkMethodOf } from "./check-method.ts";

type Row = Readonly<Record<string, unknown>>;

export interface CarriedServices {
  readonly services: readonly ServiceDefinition[];
  /** Checks of the agent's node. */
  readonly checks: readonly CheckDefinition[];
  /** Ids of checks whose definitions are missing from the rows, entirely or in part. */
  readonly vagueChecks: ReadonlySet<string>;
  readonly remarks: readonly string[];
  readonly checkRemarks: readonly CheckRemark[];
}

/** No limit on the size of a check's output, since the destination applies its own. */
const outputBytesMax: number = Number.MAX_SAFE_INTEGER;
/** Options that decode definitions by the rules of the HTTP API. */
const options = { source: "api", outputBytesMax } as const;

/**
 * Reconstructs the definitions of an agent's services and checks from rows of agent/services, agent/checks or the catalog.
 */
export function carriedServices(serviceRows: readonly unknown[], checkRows: readonly unknown[]): CarriedServices {
  const decoder = new DefinitionDecoder();
  const checks = checkRows.map(fieldsOf).flatMap((row) => decoder.check(row));
  const services = serviceRows.map(fieldsOf).flatMap((row) => decoder.service(row, checks));
  const nodeChecks = checks.filter(({ serviceId }) => serviceId === "");
  const { vagueChecks, remarks, checkRemarks } = decoder;
  return {
    services: services.toSorted(byId),
    checks: nodeChecks.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    vagueChecks,
    remarks,
    checkRemarks,
  };
}

function byId(a: ServiceDefinition, b: ServiceDefinition): number {
  return a.service.id < b.service.id ? -1 : 1;
}

/** Decodes rows one by one, and collects remarks about the rows that the import skips or changes. */
class DefinitionDecoder {
  readonly remarks: string[] = [];
  readonly checkRemarks: CheckRemark[] = [];
  readonly vagueChecks = new Set<string>();

  check(row: Row): readonly CheckDefinition[] {
    const [id, service] = [new JsonRow(row).text("CheckID"), new JsonRow(row).text("ServiceID")];
    const remark = (text: string, isLost: boolean): void =>
      void this.checkRemarks.push({ id, serviceId: service, text, isLost });
    // Servers register the check serfHealth themselves.
    if (id === "serfHealth") return [];
    const named = `the check ${JSON.stringify(id)}${service === "" ? "" : ` of ${service}`}`;
    if (/^_(node|service)_maintenance\b/.test(id)) {
      this.remarks.push(`Maintenance mode${service === "" ? "" : ` of ${service}`} is not imported.`);
      return [];
    }
    const method = checkMethodOf(row);
    if (typeof method === "string" || method.change !== undefined) this.vagueChecks.add(id);
    try {
      if (typeof method === "string") throw new Error(method);
      if (method.change !== undefined)
        remark(`Consul tells only what ${named} printed; from that it ${method.change} now.`, false);
      return [decodeCheckDefinition(registrationOfCheck(row, method.method), options)];
    } catch (error) {
      remark(`Skipped: ${named}: ${messageOf(error)}.`, true);
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
      this.remarks.push(`Skipped: the service ${id}: ${messageOf(error)}.`);
      return [];
    }
  }
}

function registrationOfCheck(row: Row, method: Row): Row {
  const { CheckID, Name, Notes, ServiceID } = row;
  return { ...method, ID: CheckID, Name: Name || CheckID, Notes, ServiceID };
}

/** Converts a row of agent/services to the fields of agent/service/register. */
function registrationOfService(row: Row): Row {
  const { Service: Name, ...rest } = serviceFields(row);
  return { ...rest, Name };
}
