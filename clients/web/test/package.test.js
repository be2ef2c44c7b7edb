// What is handed to the Web App: its size, and its types.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("..", import.meta.url));
const isInstalled = existsSync(`${folder}node_modules/.bin/esbuild`);
// On a machine of continuous integration nobody would read the notice.
const skip = !isInstalled && !process.env.CI && "needs `npm ci` in clients/web";

const run = (program, ...args) => execFileSync(`${folder}node_modules/.bin/${program}`, args, { cwd: folder, encoding: "utf8" });

test("is under 4 KB minified", { skip }, (context) => {
  const bytes = run("esbuild", "pozi-session.js", "--minify", "--format=esm").trimEnd().length;
  context.diagnostic(`${bytes} bytes`);
  assert.ok(bytes < 4096, `${bytes} bytes`);
});

test("its types are those of a Web App in TypeScript", { skip }, () => {
  run("tsc", "--noEmit", "--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext", "test/consumer.ts");
});
