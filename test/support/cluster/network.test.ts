import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { within } from "../within.ts";
import { cannotMakeNetwork, type Machine, Network } from "./network.ts";

const reason = cannotMakeNetwork === undefined ? "" : ` (skipped: ${cannotMakeNetwork})`;

describe.skipIf(reason !== "")(`a network of namespaces${reason}`, () => {
  let network: Network;

  beforeAll(async () => {
    network = await Network.open(2);
  });

  afterAll(() => network[Symbol.asyncDispose]());

  const [first, second] = [(): Machine => network.machine(1), (): Machine => network.machine(2)];

  /** Sends datagrams to a machine, and then one from that machine to itself. Returns whether one of the first came before it. */
  async function arrives(from: Machine, to: Machine): Promise<boolean> {
    const take = `data: (_, data) => process.exit(String(data) === "sent" ? 0 : 1)`;
    const receive = `await Bun.udpSocket({ hostname: "0.0.0.0", port: 4000, socket: { ${take} } }); console.log("listens");`;
    const receiving = run(to, receive);
    await receiving.stdout.getReader().read();
    await run(from, sending("sent", 20, to)).exited;
    await run(to, sending("end", 20, to)).exited;
    return (await receiving.exited) === 0;
  }

  function sending(text: string, times: number, to: Machine): string {
    const send = `socket.send("${text}", 4000, "${to.address}"); await Bun.sleep(20);`;
    const open = "const socket = await Bun.udpSocket({ socket: { error() {} } });";
    return `${open} for (let n = 0; n < ${times}; n++) { ${send} } process.exit(0);`;
  }

  function run(machine: Machine, script: string): Bun.Subprocess<"ignore", "pipe", "inherit"> {
    return Bun.spawn([...machine.command(process.execPath, "-e", script)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  async function expectArrival(from: Machine, to: Machine): Promise<void> {
    await within(10_000, async () => expect(await arrives(from, to)).toBe(true));
  }

  test("carries packets between its machines", async () => {
    await expectArrival(first(), second());
  });

  test("loses packets of one direction", async () => {
    await first().lose(second());
    expect(await arrives(first(), second())).toBe(false);
    await expectArrival(second(), first());
    await first().find(second());
    await expectArrival(first(), second());
  });

  test("carries nothing to or from an unplugged machine", async () => {
    await second().unplug();
    expect(await arrives(first(), second())).toBe(false);
    await second().plug();
    await expectArrival(first(), second());
  });

  test("reaches a machine at its new address", async () => {
    await second().readdress("10.99.0.77");
    await expectArrival(first(), second());
  });

  test("lists the processes of a machine, and kills them at the end", async () => {
    const other = await Network.open(1);
    const child = Bun.spawn([...other.machine(1).command("sh", "-c", "sleep 1000 & wait")], { stdout: "ignore" });
    await within(1_000, async () => expect(other.machine(1).processes().length).toBe(2));
    expect(other.machine(1).processes()).toContain(child.pid);
    await other[Symbol.asyncDispose]();
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
  });
});
