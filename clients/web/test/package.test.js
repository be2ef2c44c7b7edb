// The size and the types of what the Web App copies.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const folder = fileURLToPath(new URL("..", import.meta.url));
const isInstalled = existsSync(`${folder}node_modules/.bin/esbuild`);
// In CI a skipped test would go unnoticed.
const skip = !isInstalled && !process.env.CI && "needs `npm ci` in clients/web";

const run = (program, ...args) => execFileSync(`${folder}node_modules/.bin/${program}`, args, { cwd: folder, encoding: "utf8" });

test("is at most 6 KB minified, and 2.5 KB compressed", { skip }, (context) => {
  const bundle = run("esbuild", "pozi-session.js", "--minify", "--format=esm").trimEnd();
  const [minified, compressed] = [bundle.length, gzipSync(bundle).length];
  context.diagnostic(`${minified} bytes, ${compressed} compressed`);
  assert.ok(minified <= 6_000 && compressed <= 2_500, `${minified} bytes, ${compressed} compressed`);
});

test("has types that a Web App in TypeScript can use", { skip }, () => {
  run("tsc", "--noEmit", "--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext", "test/consumer.ts");
});
