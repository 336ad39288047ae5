import { decodeKeeperRegistration, encodeKeeperRegistration } from "../../wire/keeper-registration.ts";
import { readKeeperBody } from "../../wire/keeper-body.ts";
import { noContent, success } from "../answers.ts";
import { KeeperError } from "../keeper-error.ts";
import type { KeeperRequest } from "../keeper-request.ts";
import type { Endpoint, Keeper } from "../keeper.ts";

export function addRegistration({ registrations }: Keeper): Endpoint {
  return async (request) => {
    const service = readKeeperBody(await request.body(), decodeKeeperRegistration);
    const { serviceId } = service;
    if (await registrations.add(service)) return success({ serviceName: serviceId }, 201);
    throw new KeeperError(409, `registry with service id '${serviceId}' already exists`);
  };
}

export function updateRegistration({ registrations }: Keeper): Endpoint {
  return async (request) => {
    const service = readKeeperBody(await request.body(), decodeKeeperRegistration);
    if (await registrations.update(service)) return noContent();
    throw notFound(service.serviceId);
  };
}

export function listRegistrations({ registrations }: Keeper): Endpoint {
  return (request) => {
    const found = registrations.list({ halted: request.flag("deregistered") });
    return success({ totalCount: found.length, registrations: found.map(encodeKeeperRegistration) });
  };
}

export function getRegistration({ registrations }: Keeper): Endpoint {
  return (request) => {
    const registration = registrations.find(serviceIdOf(request));
    if (!registration) throw new KeeperError(404, "registration not found by serviceId");
    return success({ registration: encodeKeeperRegistration(registration) });
  };
}

export function deleteRegistration({ registrations }: Keeper): Endpoint {
  return async (request) => {
    const serviceId = serviceIdOf(request);
    if (await registrations.remove(serviceId)) return noContent();
    throw notFound(serviceId);
  };
}

function serviceIdOf({ rest }: KeeperRequest): string {
  if (rest === "") throw new KeeperError(400, "serviceId is empty");
  return rest;
}

function notFound(serviceId: string): KeeperError {
  return new KeeperError(404, `service id '${serviceId}' not found from registry table`);
}
