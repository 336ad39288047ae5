/**
 * The parts that Bun links into every executable that it compiles, from LICENSE.md of oven-sh/bun. Compare this list with that
 * file when package.json gets a new version of Bun.
 */
export const bunParts: readonly (readonly [name: string, licence: string])[] = [
  ["Bun", "MIT"],
  ["JavaScriptCore and WebCore files of WebKit (https://github.com/oven-sh/WebKit)", "LGPL-2.0-or-later, BSD-2-Clause"],
  ["TinyCC (https://github.com/TinyCC/tinycc)", "LGPL-2.1"],
  ["SQLite", "public domain"],
  ["BoringSSL", "Apache-2.0, ISC, OpenSSL, and others (https://boringssl.googlesource.com/boringssl)"],
  ["Brotli, c-ares, libdeflate, libuv, ls-hpack, ls-qpack, mimalloc, uucode", "MIT"],
  ["lsquic", "MIT, BSD-3-Clause"],
  ["libarchive", "BSD-2-Clause and others (https://github.com/libarchive/libarchive)"],
  ["libjpeg-turbo", "BSD-3-Clause, IJG, Zlib"],
  ["libwebp, lol-html", "BSD-3-Clause"],
  ["libbase64, libspng", "BSD-2-Clause"],
  ["picohttpparser", "MIT (or Artistic-1.0-Perl)"],
  ["Zstandard", "BSD-3-Clause (or GPL-2.0)"],
  ["Highway, simdutf, uSockets, uWebSockets, parts of TigerBeetle's I/O", "Apache-2.0"],
  ["parts of LLVM's libc++abi", "Apache-2.0 WITH LLVM-exception"],
  ["ICU", "Unicode-3.0"],
  ["zlib-ng", "Zlib"],
  ["polyfills of Node's modules from npm (acorn, buffer, events, stream-browserify, and others)", "MIT"],
];
