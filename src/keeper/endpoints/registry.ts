import type { Access } from "../../acl/rights.ts";
import type { PortOutcome } from "../../ports/port-registrations.ts";
import { permissionDenied } from "../../registry/permissions.ts";
import { portChangedHeader, portChangedText } from "../../wire/port-record.ts";
import { decodeKeeperRegistration, encodeKeeperRegistration } from "../../wire/keeper-registration.ts";
import { readKeeperBody } from "../../wire/keeper-body.ts";
import { noContent, success } from "../answers.ts";
import { KeeperError } from "../keeper-error.ts";
import type { KeeperRequest } from "../keeper-request.ts";
import type { Endpoint, Keeper } from "../keeper.ts";
import type { RegisteringClient } from "../registrations.ts";

export function addRegistration({ registrations }: Keeper): Endpoint {
  return async (request) => {
    const service = readKeeperBody(await request.body(), decodeKeeperRegistration);
    const { serviceId } = service;
    demandService(request, "write", registrations.nameOf(serviceId));
    const outcome = await registrations.add(service, clientOf(request));
    if (!outcome) throw new KeeperError(409, `registry with service id '${serviceId}' already exists`);
    return withPortOutcome(success({ serviceName: serviceId }, 201), outcome);
  };
}

export function updateRegistration({ registrations }: Keeper): Endpoint {
  return async (request) => {
    const service = readKeeperBody(await request.body(), decodeKeeperRegistration);
    demandService(request, "write", registrations.nameOf(service.serviceId));
    const outcome = await registrations.update(service, clientOf(request));
    if (!outcome) throw notFound(service.serviceId);
    return withPortOutcome(noContent(), outcome);
  };
}

export function listRegistrations({ registrations, store }: Keeper): Endpoint {
  return async (request) => {
    await store.freshen("leader");
    const { registry, rights } = request.caller;
    const found = registrations
      .list({ halted: request.flag("deregistered") }, registry)
      .filter(({ serviceId }) => rights.may("service", "read", registrations.nameOf(serviceId)));
    return success({ totalCount: found.length, registrations: found.map(encodeKeeperRegistration) });
  };
}

export function getRegistration({ registrations, store }: Keeper): Endpoint {
  return async (request) => {
    const id = serviceIdOf(request);
    await store.freshen("leader");
    demandService(request, "read", registrations.nameOf(id));
    const registration = registrations.find(id, request.caller.registry);
    if (!registration) throw new KeeperError(404, "registration not found by serviceId");
    return success({ registration: encodeKeeperRegistration(registration) });
  };
}

export function deleteRegistration({ registrations }: Keeper): Endpoint {
  return async (request) => {
    const serviceId = serviceIdOf(request);
    demandService(request, "write", registrations.nameOf(serviceId));
    if (await registrations.remove(serviceId)) return noContent();
    throw notFound(serviceId);
  };
}

function demandService({ caller }: KeeperRequest, access: Access, name: string): void {
  if (!caller.rights.may("service", access, name)) throw permissionDenied();
}

/**
 * Returns the facts about the client that registers. A program in Go, known by its User-Agent, counts as one that registers
 * before it listens, as EdgeX's services in Go do.
 */
function clientOf({ userAgent }: KeeperRequest): RegisteringClient {
  return { beforeListening: userAgent.startsWith("Go-http-client/") };
}

/**
 * Adds a header that names the assigned port, if any, to the answer to a registration. core-keeper has no such header.
 * @throws KeeperError 409 if the port policy refused the service
 */
function withPortOutcome(answer: Response, outcome: PortOutcome): Response {
  if (outcome.kind === "refused") throw new KeeperError(409, outcome.reason);
  if (outcome.change) answer.headers.set(portChangedHeader, portChangedText(outcome.change));
  return answer;
}

function serviceIdOf({ rest }: KeeperRequest): string {
  if (rest === "") throw new KeeperError(400, "serviceId is empty");
  return rest;
}

function notFound(serviceId: string): KeeperError {
  return new KeeperError(404, `service id '${serviceId}' not found from registry table`);
}
