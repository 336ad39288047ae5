import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { expectedOutput, tourSteps } from "../support/console-blocks.ts";
import { type Ran, SmallDebian } from "../support/small-debian.ts";

/** Installs the Debian package, and the archive, in a Debian of its own with systemd. */
const root = resolve(import.meta.dir, "../..");
const made = mkdtempSync(join(tmpdir(), "praetor-packages-"));
const steps = tourSteps(readFileSync(join(root, "docs/install.md"), "utf8"));
const skipReason = process.getuid?.() === 0 ? undefined : "skipped: needs root";
const deb = join(root, "dist/praetor_0.1.0-1_amd64.deb");
const released = join(root, "dist/release");
const executable = join(released, "praetor-0.1.0-linux-amd64");
const archive = `${executable}.tar.gz`;

let debian: SmallDebian;

beforeAll(async () => {
  if (skipReason !== undefined) return;
  for (const script of ["deb.ts", "release.ts"]) {
    const built = Bun.spawnSync([process.execPath, `scripts/release/${script}`, "linux-amd64"], { cwd: root });
    if (!built.success) throw new Error(built.stderr.toString());
  }
  debian = new SmallDebian();
  for (const file of [deb, archive, executable, join(released, "SHA256SUMS")])
    copyFileSync(file, join(debian.root, basename(file)));
  await debian.boot();
});

afterAll(async () => {
  await debian?.[Symbol.asyncDispose]();
  rmSync(made, { recursive: true, force: true });
});

/** Runs a command there, and expects that it succeeds. */
function succeed(command: string): string {
  const { code, output } = debian.run(`cd / && ${command}`);
  expect({ command, code, output }).toEqual({ command, code: 0, output: expect.any(String) });
  return output;
}

function runTour(name: string): void {
  const commands = steps.filter((step) => step.name === name).flatMap((step) => step.commands);
  expect(commands.length).toBeGreaterThan(2);
  for (const { command, output } of commands) {
    const printed = succeed(command);
    if (!expectedOutput(output)(printed)) expect(`$ ${command}\n${printed}`).toBe(`$ ${command}\n${output.join("\n")}`);
  }
}

/** Returns the package with another version and other settings. */
function nextPackage(): string {
  const folder = join(made, "next");
  Bun.spawnSync(["dpkg-deb", "-R", deb, folder]);
  const control = join(folder, "DEBIAN/control");
  writeFileSync(control, readFileSync(control, "utf8").replace("0.1.0-1", "0.2.0-1"));
  const settings = join(folder, "etc/praetor.d/praetor.hcl");
  writeFileSync(settings, `# A newer file.\n${readFileSync(settings, "utf8")}`);
  const path = join(made, "praetor_0.2.0-1_amd64.deb");
  expect(Bun.spawnSync(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", folder, path]).success).toBe(
    true,
  );
  return path;
}

const mainPid = (unit: string): string => succeed(`systemctl show ${unit} --property=MainPID --value`).trim();

describe.skipIf(skipReason !== undefined)(`the Debian package (${skipReason ?? "in a small Debian"})`, () => {
  test("has no fault that lintian finds and no override explains", () => {
    const { stdout, exitCode } = Bun.spawnSync(["lintian", "--allow-root", "--fail-on=warning", deb], {
      env: { ...process.env },
    });
    expect({ exitCode, said: stdout.toString() }).toEqual({ exitCode: 0, said: "" });
  });

  test("is installed as docs/install.md says, as a user of its own, and starts nothing by itself", () => {
    runTour("debian");
    expect(
      succeed("stat -c '%U %G %a' /etc/praetor.d /etc/praetor.d/praetor.hcl /var/lib/praetor").split("\n"),
    ).toEqual([...["root praetor 750", "root praetor 640", "praetor praetor 750", ""]]);
    expect(succeed(`stat -c %U /proc/${mainPid("praetor")}`)).toBe("praetor\n");
    expect(succeed("consul version")).toStartWith("Consul v1.8.7\n");
    expect(succeed("readlink /etc/alternatives/consul")).toBe("/usr/bin/praetor\n");
    expect(debian.run("systemctl is-enabled praetor-edgex").output).toBe("disabled\n");
  });

  test("runs units to which systemd grants few rights, and that it can reload, restart and stop without a failure", async () => {
    expect(
      Number(/: ([\d.]+)/.exec(succeed("systemd-analyze security --no-pager praetor | tail -1"))?.[1]),
    ).toBeLessThanOrEqual(2);
    const first = mainPid("praetor");
    succeed("systemctl reload praetor");
    expect(mainPid("praetor")).toBe(first);
    succeed("systemctl kill --kill-who=main --signal=KILL praetor");
    succeed(
      "while [ $(systemctl show praetor --property=NRestarts --value) = 0 ] || ! systemctl -q is-active praetor; do sleep 0.2; done",
    );
    expect(mainPid("praetor")).not.toBe(first);
    expect(succeed("praetor kv get hello")).toBe("world\n");
    succeed("systemctl stop praetor");
    expect(succeed("systemctl show praetor --property=Result,ActiveState")).toBe(
      "Result=success\nActiveState=inactive\n",
    );
    succeed("systemctl start praetor-edgex");
    expect(succeed("praetor kv get hello")).toBe("world\n");
    succeed("systemctl start praetor");
    expect(debian.run("systemctl is-active praetor-edgex").output).toBe("inactive\n");
  });

  test("is upgraded while it runs: the agent has the new file, the data and the administrator's settings", () => {
    const before = mainPid("praetor");
    succeed("sed -i 's/^ui .*/ui = false/' /etc/praetor.d/praetor.hcl && chmod 600 /etc/default/praetor");
    copyFileSync(nextPackage(), join(debian.root, "next.deb"));
    succeed("dpkg --force-confold -i next.deb");
    expect(mainPid("praetor")).not.toBe(before);
    expect(succeed("praetor kv get hello")).toBe("world\n");
    expect(succeed("grep ^ui /etc/praetor.d/praetor.hcl; stat -c %a /etc/default/praetor")).toBe("ui = false\n600\n");
  });

  test("is removed with its data kept, and purged with nothing left but its user", () => {
    succeed("dpkg --remove praetor");
    expect(debian.run("systemctl is-active praetor").output).toBe("inactive\n");
    expect(debian.run("ls /usr/bin/praetor /usr/bin/consul /etc/alternatives/consul").code).toBe(2);
    succeed("test -s /var/lib/praetor/praetor.db || ls -A /var/lib/praetor | grep -q .");
    succeed("test -e /etc/praetor.d/praetor.hcl");
    succeed("dpkg --purge praetor");
    const left = succeed(
      "find / -xdev -name '*praetor*' -not -path '/proc/*' -not -name 'praetor-0.1.0-linux*' -not -name '*.deb'",
    );
    expect(left).toBe("");
    expect(succeed("id -un praetor")).toBe("praetor\n");
  });
});

describe.skipIf(skipReason !== undefined)(`the archive (${skipReason ?? "in a small Debian"})`, () => {
  test("is installed as docs/install.md says, and upgraded with the administrator's settings kept", () => {
    runTour("archive");
    succeed("echo '# mine' >> /etc/praetor.d/praetor.hcl");
    const again: Ran = debian.run("/praetor-0.1.0-linux-amd64/install.sh");
    expect(again).toEqual({ code: 0, output: expect.stringContaining("kept /etc/praetor.d/praetor.hcl") });
    expect(succeed("tail -1 /etc/praetor.d/praetor.hcl")).toBe("# mine\n");
    succeed("systemctl restart praetor");
    expect(succeed("praetor kv get hello")).toBe("world\n");
  });

  test("is installed into an image as docs/install.md says", () => {
    runTour("image");
    expect(
      succeed(
        "stat -c %a /tmp/image/usr/bin/praetor /tmp/image/etc/init.d/praetor /tmp/image/etc/praetor.d/praetor.hcl",
      ),
    ).toBe("755\n755\n640\n");
    expect(debian.run("/praetor-0.1.0-linux-amd64/install.sh sysvinit")).toEqual({
      ...{ code: 1, output: "install.sh: sysvinit is not one of systemd, openrc, procd and none\n" },
    });
  });
});

describe.skipIf(skipReason !== undefined)(`the executable alone (${skipReason ?? "in a small Debian"})`, () => {
  test("is installed as docs/install.md says", () => runTour("executable"));
});

test("the Debian package for arm64 has an executable for it, which runs in QEMU", () => {
  const built = Bun.spawnSync([process.execPath, "scripts/release/deb.ts", "linux-arm64"], { cwd: root });
  expect([built.exitCode, built.stderr.toString()]).toEqual([0, expect.any(String)]);
  const arm = join(root, "dist/praetor_0.1.0-1_arm64.deb");
  const architecture = Bun.spawnSync(["dpkg-deb", "--field", arm, "Architecture"]);
  expect(architecture.stdout.toString()).toBe("arm64\n");
  const folder = join(made, "arm64");
  expect(Bun.spawnSync(["dpkg-deb", "-x", arm, folder]).exitCode).toBe(0);
  const emulated = ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", join(folder, "usr/bin/praetor"), "version"];
  expect(Bun.spawnSync(emulated).stdout.toString()).toContain("Praetor v0.1.0");
});
