import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copied, type PackagedFile, sharedFiles, writeFiles } from "./installed-files.ts";
import { run } from "./locked-package.ts";
import type { Source } from "./source.ts";

/**
 * Makes the archive that installs on any Linux: NAME.tar.gz, with a folder NAME that has install.sh and the files that it puts in
 * their places. The same files give the same bytes.
 * @param name as in "praetor-0.1.0-linux-arm64"
 * @param executable the path of the executable
 */
export function makeTarball(
  name: string,
  { executable, folder, source }: { readonly executable: string; readonly folder: string; readonly source: Source },
): void {
  const staged = mkdtempSync(join(tmpdir(), "praetor-tarball-"));
  try {
    writeFiles(join(staged, name), tarballFiles(executable, source), source);
    const archive = join(folder, `${name}.tar`);
    const owner = ["--owner=0", "--group=0", "--numeric-owner", "--format=gnu"];
    run(["tar", "--sort=name", `--mtime=@${source.epoch}`, ...owner, "-C", staged, "-cf", archive, name]);
    run(["gzip", "-n", "-f", archive]);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

function tarballFiles(executable: string, source: Source): readonly PackagedFile[] {
  const init = ["openrc/praetor", "procd/praetor"].map((path) => copied(`packaging/${path}`, `init/${path}`, 0o755));
  const systemd = ["praetor.service", "praetor-edgex.service", "sysusers.conf", "tmpfiles.conf"];
  return [
    copied("packaging/install.sh", "install.sh", 0o755),
    copied("docs/install.md", "README.md"),
    copied("LICENSE", "LICENSE"),
    copied("NOTICE", "NOTICE"),
    copied("LICENSE", "usr/share/doc/praetor/LICENSE"),
    copied("NOTICE", "usr/share/doc/praetor/NOTICE"),
    copied(executable, "usr/bin/praetor", 0o755),
    ...["etc/default/praetor", "etc/praetor.d/praetor.hcl"].map((path) => copied(`packaging/${path}`, path)),
    ...systemd.map((name) => copied(`packaging/systemd/${name}`, `init/systemd/${name}`)),
    ...init,
    ...sharedFiles(source, { zsh: "usr/share/zsh/site-functions", fish: "usr/share/fish/vendor_completions.d" }),
  ];
}
