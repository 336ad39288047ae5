/*
 * Converts a key to the path of the file with its value: the key itself where possible, so that people find the file.
 *
 *   edgex/core/1.0/Service/Port   edgex/core/1.0/Service/Port
 *   a//b/                         a/%/b/%                       an empty name is "%"
 *   a, if there is a/b too        a%value                       a name cannot be a file and a folder
 *   50%                           50%25                         %, \ and control characters by their code
 *   a/../.git                     a/%2E./%2Egit                 names with a meaning for file systems or git
 *   a key that is too long        %long/<SHA-256 of the key>    kv-names.json holds the key
 *
 * In a name that export writes, "%" is followed by two digits or by one of these words, or ends the name, so no two keys have
 * the same path.
 */

/** Maximum length of a file name in bytes. File systems allow 255. */
const nameBytesMax = 240;
/** Maximum length of a path in bytes. Linux allows 4,096. */
const pathBytesMax = 2_048;
const valueMark = "%value";
const longFolder = "%long/";

/**
 * Returns the path of the file with a key's value, relative to the folder kv.
 * @param isFolder whether other keys begin with this key and a slash
 */
export function pathOfKey(key: string, isFolder: boolean): string {
  const path = key.split("/").map(nameOf).join("/");
  const isLong =
    Buffer.byteLength(path) > pathBytesMax || path.split("/").some((name) => Buffer.byteLength(name) > nameBytesMax);
  if (isLong) return `${longFolder}${new Bun.CryptoHasher("sha256").update(key).digest("hex")}`;
  return isFolder ? `${path}${valueMark}` : path;
}

/** Returns the key of a path, or the reason why the path has no key. `longKeys` holds the keys in %long/, by their hashes. */
export function keyOfPath(
  path: string,
  longKeys: Readonly<Record<string, unknown>>,
): { readonly key: string } | string {
  if (path.startsWith(longFolder)) {
    const key = longKeys[path.slice(longFolder.length)];
    return typeof key === "string" ? { key } : "kv-names.json does not tell its key";
  }
  const whole = path.endsWith(valueMark) ? path.slice(0, -valueMark.length) : path;
  const names = whole.split("/").map(textOf);
  if (names.includes(undefined)) return "a % in a file's name is written %25";
  return { key: names.join("/") };
}

/** Encodes any text as a file name that does not begin with a dot. */
export function fileNameOf(word: string): string {
  const name = escape(word, /[%\\/\u0000-\u001f\u007f]|^\./g) || "%";
  return Buffer.byteLength(name) <= nameBytesMax
    ? name
    : `%${new Bun.CryptoHasher("sha256").update(word).digest("hex")}`;
}

/**
 * Encodes one segment of a key as a file name. Git gives a meaning to names that begin with .git, and, because of Windows, to
 * names that begin with git~.
 */
function nameOf(segment: string): string {
  if (segment === "") return "%";
  // oxlint-disable-next-line no-control-regex -- the characters to escape
  return escape(segment, /[%\\\u0000-\u001f\u007f]|^\.(?=\.?$|git)|(?<=^git)~/gi);
}

function escape(text: string, what: RegExp): string {
  return text.replace(what, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function textOf(name: string): string | undefined {
  if (name === "%") return "";
  if (/%(?![0-9A-F]{2})/i.test(name)) return undefined;
  return name.replace(/%([0-9A-F]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
