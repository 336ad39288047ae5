import { getConfig, getVersion, ping } from "./endpoints/about.ts";
import { deleteKeys, getKeys, putKeys } from "./endpoints/kvs.ts";
import {
  addRegistration,
  deleteRegistration,
  getRegistration,
  listRegistrations,
  updateRegistration,
} from "./endpoints/registry.ts";
import { addSecret } from "./endpoints/secret.ts";
import type { Keeper, Route } from "./keeper.ts";

/** Returns all routes of core-keeper's API. */
export function routes(keeper: Keeper): readonly Route[] {
  return [
    { path: "/api/v3/config", methods: { GET: getConfig(keeper) } },
    {
      path: "/api/v3/kvs/key/",
      methods: { DELETE: deleteKeys, GET: getKeys(keeper), PUT: putKeys(keeper) },
    },
    { path: "/api/v3/ping", isPublic: true, methods: { GET: ping(keeper) } },
    { path: "/api/v3/registry", methods: { POST: addRegistration(keeper), PUT: updateRegistration(keeper) } },
    { path: "/api/v3/registry/all", methods: { GET: listRegistrations(keeper) } },
    {
      path: "/api/v3/registry/serviceId/",
      methods: { DELETE: deleteRegistration(keeper), GET: getRegistration(keeper) },
    },
    { path: "/api/v3/secret", methods: { POST: addSecret(keeper) } },
    { path: "/api/v3/version", methods: { GET: getVersion() } },
  ];
}
