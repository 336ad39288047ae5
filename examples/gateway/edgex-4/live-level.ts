import { connect } from "mqtt";
import { messageOf } from "../../../src/lib/errors.ts";
import type { ServiceLog } from "../service/log.ts";
import type { Keeper } from "./keeper.ts";

export interface LiveLevelOptions {
  /** The URL of the MQTT broker: "mqtt://host:port". */
  readonly busUrl: string;
  readonly keeper: Keeper;
  readonly log: ServiceLog;
}

/**
 * Follows Writable/LogLevel as EdgeX 4 does: a message on the bus reports a changed key, and the service then reads the value
 * from the store. After a reconnect to a lost broker, the service reads the value again. Returns a function that closes the
 * connection to the broker.
 */
export function followLevel({ busUrl, keeper, log }: LiveLevelOptions): () => Promise<void> {
  const topic = `edgex/configs/${keeper.basePath}/Writable/#`;
  const client = connect(busUrl, { reconnectPeriod: 1_000 });
  const takeUp = (why: string): void => {
    takeUpLevel(keeper, log, why).catch((thrown: unknown) => log.error(messageOf(thrown)));
  };
  client.on("connect", () => {
    client.subscribe(topic, () => takeUp("the message bus is there"));
    log.info(`Follows ${topic} at ${busUrl}`);
  });
  client.on("error", (error) => log.error(`${busUrl}: ${messageOf(error)}`));
  client.on("message", (from) => takeUp(`a message on ${from}`));
  return () => client.endAsync();
}

async function takeUpLevel(keeper: Keeper, log: ServiceLog, why: string): Promise<void> {
  const level = new Map(await keeper.getConfiguration("Writable")).get("LogLevel");
  if (level === undefined || level === log.level) return;
  log.level = level;
  log.info(`LogLevel is ${level} from now on: ${why}`);
}
