import { readdirSync, readlinkSync } from "node:fs";

/**
 * A network of machines for tests: each machine is a network namespace, and a bridge in a namespace of its own joins them. Nothing
 * connects it with the network of the host, so every network can use the same addresses. A process holds each namespace; when
 * its standard input closes, which the end of the test process does too, it kills what runs in the namespace and ends, and the
 * namespace is gone. User namespaces make this possible without being root, where the system allows them.
 */
export class Network implements AsyncDisposable {
  readonly machines: readonly Machine[];
  readonly #bridge: Holder;

  /** Creates a network with this number of machines, whose addresses are 10.99.0.1, 10.99.0.2 and so on. */
  static async open(count: number): Promise<Network> {
    const bridge = await Holder.start(["unshare", "--map-root-user", "--net"]);
    const inUserNamespace = bridge.enter("--user", "--preserve-credentials");
    await run([...inUserNamespace, "--net", ...shell("ip link add br0 type bridge && ip link set br0 up")]);
    const machines: Machine[] = [];
    for (let number = 1; number <= count; number++) {
      const holder = await Holder.start([...inUserNamespace, "--", "unshare", "--net"]);
      const machine = new Machine(number, { bridge, holder });
      await machine.connect();
      machines.push(machine);
    }
    return new Network(bridge, machines);
  }

  private constructor(bridge: Holder, machines: readonly Machine[]) {
    this.#bridge = bridge;
    this.machines = machines;
  }

  /** Returns the machine with this number; the first is 1. */
  machine(number: number): Machine {
    const machine = this.machines[number - 1];
    if (machine === undefined) throw new Error(`the network has no machine ${number}`);
    return machine;
  }

  /** Kills all processes of the machines, and removes the network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.close()));
    await this.#bridge.end();
  }
}

export class Machine {
  readonly number: number;
  readonly #bridge: Holder;
  readonly #holder: Holder;
  #address: string;

  constructor(number: number, { bridge, holder }: { readonly bridge: Holder; readonly holder: Holder }) {
    this.number = number;
    this.#bridge = bridge;
    this.#holder = holder;
    this.#address = `10.99.0.${number}`;
  }

  get address(): string {
    return this.#address;
  }

  /** Returns the command that runs a program on this machine. The process id of the command becomes that of the program. */
  command(...words: readonly string[]): readonly string[] {
    return [...this.#holder.enter("--user", "--preserve-credentials", "--net"), "--", ...words];
  }

  /** Gives the machine its address and a cable to the bridge. */
  async connect(): Promise<void> {
    const port = `${this.#port} type veth peer name eth0 netns ${this.#holder.pid}`;
    await this.#atBridge(`ip link add ${port} && ip link set ${this.#port} master br0 up`);
    await this.#here(`ip link set lo up && ip addr add ${this.#address}/24 dev eth0 && ip link set eth0 up`);
  }

  /** Pulls the machine's cable: nothing arrives, nothing leaves, and no connection is closed. */
  unplug(): Promise<void> {
    return this.#atBridge(`ip link set ${this.#port} down`);
  }

  plug(): Promise<void> {
    return this.#atBridge(`ip link set ${this.#port} up`);
  }

  /**
   * Loses all packets from this machine to another one, and none of the other direction. It sends them to a hardware address that
   * no machine has, so that its programs see no error.
   */
  lose(other: Machine): Promise<void> {
    return this.#here(`ip neigh replace ${other.address} lladdr 02:00:00:00:00:01 dev eth0 nud permanent`);
  }

  /** Ends `lose`. */
  async find(other: Machine): Promise<void> {
    await this.#here(`ip neigh del ${other.address} dev eth0`);
  }

  /** Replaces the machine's address. Programs that listen at the old one do not hear of it. */
  async readdress(address: string): Promise<void> {
    await this.#here(`ip addr flush dev eth0 && ip addr add ${address}/24 dev eth0`);
    this.#address = address;
  }

  /** Returns the ids of the processes on this machine, except the one that holds the namespace. */
  processes(): readonly number[] {
    const own = namespaceOf(this.#holder.pid);
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== this.#holder.pid && namespaceOf(pid) === own);
  }

  close(): Promise<void> {
    return this.#holder.end();
  }

  get #port(): string {
    return `p${this.number}`;
  }

  #here(commands: string): Promise<void> {
    return run(this.command(...shell(commands)));
  }

  #atBridge(commands: string): Promise<void> {
    return run([...this.#bridge.enter("--user", "--preserve-credentials", "--net"), ...shell(commands)]);
  }
}

/**
 * Says that the namespace exists, waits for the end of the input, and kills the other processes of the namespace, until a round
 * finds none.
 */
const hold = `
own=$(readlink /proc/self/ns/net)
own=\${own#net:?}
own=\${own%?}
echo ready
read -r _
found=first
while [ -n "$found" ]; do
  found=
  for pid in $(ls -l /proc/[0-9]*/ns/net 2>/dev/null | sed -n "s|.* /proc/\\([0-9]*\\)/ns/net -> net:.$own.$|\\1|p"); do
    [ "$pid" != $$ ] && kill -9 "$pid" 2>/dev/null && found=$pid
  done
done`;

/** A process that keeps a namespace in existence. */
class Holder {
  readonly #process: Bun.Subprocess<"pipe", "pipe", "pipe">;

  /** Starts the holder of a new namespace, which the command `creation` creates. */
  static async start(creation: readonly string[]): Promise<Holder> {
    const held = Bun.spawn([...creation, "sh", "-c", hold], {
      ...{ stdin: "pipe", stdout: "pipe", stderr: "pipe" },
      // In a group of its own, so that a signal to the group of the tests does not end it before the namespace's processes.
      detached: true,
    });
    const { value } = await held.stdout.getReader().read();
    if (value === undefined) throw new Error(`no network namespace: ${(await held.stderr.text()).trim()}`);
    return new Holder(held);
  }

  private constructor(process: Bun.Subprocess<"pipe", "pipe", "pipe">) {
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Returns the command that enters the namespaces of these kinds. A program follows it. */
  enter(...kinds: readonly string[]): readonly string[] {
    return ["nsenter", "--target", String(this.pid), ...kinds];
  }

  async end(): Promise<void> {
    await this.#process.stdin.end();
    await this.#process.exited;
  }
}

/** Returns the network namespace of a process; undefined when the process has ended or belongs to another user. */
function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function shell(commands: string): readonly string[] {
  return ["sh", "-c", `PATH=$PATH:/usr/sbin:/sbin; ${commands}`];
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const said = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`${command.at(-1)}: ${said.trim()}`);
}

/** The reason why this machine does not allow tests to create such a network; undefined if it does. */
export const cannotMakeNetwork: string | undefined = findHindrance();

function findHindrance(): string | undefined {
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  const missing = ["ip", "unshare", "nsenter"].find((name) => Bun.which(name, { PATH: path }) === null);
  if (missing !== undefined) return `no ${missing} on this machine`;
  const tried = "ip link add br0 type bridge && ip link add p1 type veth peer name eth0";
  const { success, stderr } = Bun.spawnSync(["unshare", "--map-root-user", "--net", ...shell(tried)]);
  return success ? undefined : `no network namespaces here: ${stderr.toString().trim()}`;
}
