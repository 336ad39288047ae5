import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localhostCertificate, otherCertificate } from "../support/certificates.ts";
import { openEtcd, skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { openEtcdPlace } from "../support/etcd-place.ts";
import { freePorts } from "../support/free-ports.ts";
import { promptly } from "../support/promptly.ts";
import { rejectionOf } from "../support/rejection.ts";
import { batch, put, readable } from "../../src/engine/engine.suite.ts";
import { Mirror } from "../../src/engine/replicated-engine.suite.ts";

const electionMs = 60_000;

describe.skipIf(withoutEtcd !== undefined)(`a server's connection to etcd${skippedWithoutEtcd}`, () => {
  test("uses TLS, and fails with another authority or without a certificate of the client", async () => {
    const folder = mkdtempSync(join(tmpdir(), "etcd-tls-"));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    writeFileSync(cert, localhostCertificate.cert);
    writeFileSync(key, localhostCertificate.key);
    const [port = 0] = await freePorts(1);
    const files = [`--cert-file=${cert}`, `--key-file=${key}`, `--trusted-ca-file=${cert}`, "--client-cert-auth"];
    const listen = `--listen-client-urls=unix://e1:1,https://127.0.0.1:${port}`;
    await using etcd = await openEtcd(1, listen, ...files);
    const place = openEtcdPlace(etcd);
    const endpoints = [`localhost:${port}`];
    const { cert: ca } = localhostCertificate;
    const one = await place.open("one", { endpoints, tls: { ca, ...localhostCertificate } });
    const term = await one.campaign(new AbortController().signal);
    const mirror = await Mirror.start(one);
    await term.commit(batch(1, put("t", "a", "1"), put("t", "long", "x".repeat(1 << 20))));
    await mirror.reaches(1);
    expect(readable((await one.load()).rows)[0]).toBe("t/a=1");
    // First an authority that has not signed etcd's certificate, then a client without a certificate.
    for (const tls of [{ ...localhostCertificate, ca: otherCertificate.cert }, { ca }]) {
      const refused = await place.open("two", { endpoints, tls });
      expect(await rejectionOf(refused.load())).toMatchObject({ code: "etcd-unreachable" });
      await refused.close();
    }
    await one.close();
    place.remove();
    rmSync(folder, { recursive: true });
  });

  test("uses a user and a password, also after a restart of etcd, and is denied other passwords and prefixes", async () => {
    await using etcd = await openEtcd();
    for (const words of [
      "user add root:rootword",
      "user grant-role root root",
      "user add praetor:secret",
      "role add keys",
    ])
      await etcd.control(...words.split(" "));
    const place = openEtcdPlace(etcd);
    await etcd.control("role", "grant-permission", "keys", "--prefix=true", "readwrite", place.prefix);
    await etcd.control("user", "grant-role", "praetor", "keys");
    await etcd.control("auth", "enable");
    const one = await place.open("one", { electionMs, user: { name: "praetor", password: "secret" } });
    const term = await one.campaign(new AbortController().signal);
    const mirror = await Mirror.start(one);
    await term.commit(batch(1, put("t", "a", "1")));
    const [member = expect.unreachable()] = etcd.members;
    await member.kill();
    member.start();
    await promptly(term.commit(batch(2, put("t", "a", "2"))));
    await promptly(mirror.reaches(2));
    const wrong = await place.open("two", { user: { name: "praetor", password: "guessed" } });
    const refused = await rejectionOf(wrong.load());
    expect(refused).toMatchObject({ kind: "denied", code: "etcd-refuses" });
    expect(refused.message).not.toContain("guessed");
    const stranger = await place.open("three", { prefix: "elsewhere/", user: { name: "praetor", password: "secret" } });
    expect(await rejectionOf(stranger.load())).toMatchObject({ kind: "denied", code: "etcd-refuses" });
    await Promise.all([one, wrong, stranger].map((server) => server.close()));
    place.remove();
  });

  test("uses the next endpoint if one does not answer", async () => {
    await using etcd = await openEtcd();
    const place = openEtcdPlace(etcd);
    const nowhere = `unix:${join(tmpdir(), "no-such-etcd")}`;
    const one = await place.open("one", { endpoints: [nowhere, ...etcd.endpoints] });
    const term = await one.campaign(new AbortController().signal);
    await term.commit(batch(1));
    expect(await one.newest()).toBe(1);
    const alone = await place.open("two", { endpoints: [nowhere] });
    const refused = await rejectionOf(alone.load());
    expect(refused).toMatchObject({ kind: "unavailable", code: "etcd-unreachable" });
    expect(refused.message).toContain(nowhere);
    await Promise.all([one.close(), alone.close()]);
    place.remove();
  });
});
