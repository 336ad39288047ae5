import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copied, type PackagedFile, sharedFiles, writeFiles } from "./installed-files.ts";
import { run } from "./locked-package.ts";
import type { Source } from "./source.ts";

/** Debian asks for an address to report faults to; the project has none yet, and a reserved name cannot be anyone's. */
const maintainer = "The Praetor authors <praetor@example.invalid>";

/** The revision of the packaging; it begins anew with each version. */
const revision = 1;

export interface DebianPackageOptions {
  /** Debian's name of the processor. */
  readonly architecture: string;
  /** The path of the executable. */
  readonly executable: string;
  /** The folder for the package. */
  readonly folder: string;
  readonly source: Source;
}

/**
 * Makes a Debian package; returns its path. The same files give the same bytes.
 * @throws Error with the message of dpkg-deb
 */
export function makeDebianPackage({ architecture, executable, folder, source }: DebianPackageOptions): string {
  const staged = mkdtempSync(join(tmpdir(), "praetor-deb-"));
  const version = `${source.version}-${revision}`;
  const path = join(folder, `praetor_${version}_${architecture}.deb`);
  try {
    const files = installedFiles(executable, version, source);
    writeFiles(staged, [...files, ...controlFiles(files, { architecture, version })], source);
    run(["dpkg-deb", "--root-owner-group", "-Zxz", "--build", staged, path], { SOURCE_DATE_EPOCH: `${source.epoch}` });
    return path;
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

const settings = ["etc/default/praetor", "etc/praetor.d/praetor.hcl"];

function installedFiles(executable: string, version: string, source: Source): readonly PackagedFile[] {
  const units = ["praetor.service", "praetor-edgex.service"];
  return [
    copied(executable, "usr/bin/praetor", 0o755),
    ...settings.map((path) => copied(`packaging/${path}`, path)),
    ...units.map((unit) => copied(`packaging/systemd/${unit}`, `lib/systemd/system/${unit}`)),
    ...sharedFiles(source, { zsh: "usr/share/zsh/vendor-completions", fish: "usr/share/fish/vendor_completions.d" }),
    copied("packaging/debian/copyright", "usr/share/doc/praetor/copyright"),
    copied("packaging/debian/lintian-overrides", "usr/share/lintian/overrides/praetor"),
    compressed("usr/share/doc/praetor/NOTICE", readFileSync("NOTICE", "utf8")),
    compressed("usr/share/doc/praetor/changelog", readFileSync("CHANGELOG.md", "utf8")),
    compressed("usr/share/doc/praetor/changelog.Debian", packagingChangelog(version, source)),
  ];
}

function compressed(path: string, text: string): PackagedFile {
  return { path: `${path}.gz`, content: Bun.gzipSync(text, { level: 9 }) };
}

function packagingChangelog(version: string, { epoch }: Source): string {
  const date = new Date(epoch * 1_000).toUTCString().replace("GMT", "+0000");
  return `praetor (${version}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- ${maintainer}  ${date}\n`;
}

function controlFiles(
  files: readonly PackagedFile[],
  { architecture, version }: { readonly architecture: string; readonly version: string },
): readonly PackagedFile[] {
  const scripts = ["postinst", "prerm", "postrm"];
  return [
    { path: "DEBIAN/control", content: control(files, architecture, version) },
    { path: "DEBIAN/conffiles", content: settings.map((path) => `/${path}\n`).join("") },
    {
      path: "DEBIAN/md5sums",
      content: files
        .filter(({ path }) => !settings.includes(path))
        .map(md5Line)
        .join(""),
    },
    ...scripts.map((name) => copied(`packaging/debian/${name}`, `DEBIAN/${name}`, 0o755)),
  ];
}

function md5Line({ path, content }: PackagedFile): string {
  return `${new Bun.CryptoHasher("md5").update(content).digest("hex")}  ${path}\n`;
}

function control(files: readonly PackagedFile[], architecture: string, version: string): string {
  const kibibytes = files.reduce((sum, { content }) => sum + Math.ceil(Buffer.byteLength(content) / 1_024), 0);
  return `Package: praetor
Version: ${version}
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.17), adduser
Suggests: etcd-server
Section: net
Priority: optional
Description: service registry, health checker and configuration store
 Praetor has the interfaces of Consul 1.8 and of EdgeX's core-keeper, in
 one process with one file of data. It is made for gateways at the edge.
 .
 The agent and the command line are one program. praetor.service runs a
 server; praetor-edgex.service takes the place of EdgeX's registry.
`;
}
