import { RedisClient } from "bun";
import type { OpenService, RouteRequest, ServiceDefinition, ServiceWorld } from "./definition.ts";

interface Event {
  readonly device: string;
  readonly readings: readonly { readonly name: string; readonly value: string }[];
}

/**
 * The service core-data, which receives readings of devices and stores them in Redis: a list for each device, the newest first.
 */
export const coreData: ServiceDefinition = {
  key: "edgex-core-data",
  async open(world) {
    const { Host, Port } = world.configuration.Databases["Primary"] ?? { Host: "localhost", Port: 6379 };
    const redis = new RedisClient(`redis://${Host}:${Port}`);
    await redis.connect();
    return openOn(redis, world);
  },
};

function openOn(redis: RedisClient, world: ServiceWorld): OpenService {
  async function add({ body }: RouteRequest): Promise<unknown> {
    const event = body as Event; // an example: Geneva validates more
    if (world.writable()["MetaDataCheck"] === true)
      await world.peers.get("edgex-core-metadata", `/api/v1/device/name/${encodeURIComponent(event.device)}`);
    const id = crypto.randomUUID();
    await redis.lpush(`event:device:${event.device}`, JSON.stringify({ ...event, id, created: Date.now() }));
    await redis.incr("event:count");
    return id;
  }

  async function newest({ parameters }: RouteRequest): Promise<unknown> {
    const events = await redis.lrange(`event:device:${parameters["name"]}`, 0, Number(parameters["limit"]) - 1);
    return events.map((event): unknown => JSON.parse(event));
  }

  return {
    routes: [
      { method: "POST", path: "/api/v1/event", answer: add },
      { method: "GET", path: "/api/v1/event/count", answer: async () => (await redis.get("event:count")) ?? "0" },
      { method: "GET", path: "/api/v1/event/device/:name/:limit", answer: newest },
    ],
    close: () => redis.close(),
  };
}
