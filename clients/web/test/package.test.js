// The package as a map developer gets it: its size, its types, its shape, and the code of its README.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { codeOfReadme } from "./readme.js";

/** Bytes of the main module at most, minified and compressed. What is loaded when something goes wrong is apart. */
const MAX_MINIFIED = 6 * 1024;
const MAX_COMPRESSED = 2.6 * 1024;

const folder = fileURLToPath(new URL("..", import.meta.url));
const isInstalled = existsSync(`${folder}node_modules/.bin/esbuild`);
// In CI a skipped test would go unnoticed.
const skip = !isInstalled && !process.env.CI && "needs `npm ci` in clients/web";

/** Runs a program of the development dependencies, and returns what it prints. */
function run(program, ...args) {
  const { status, stdout, stderr } = spawnSync(`${folder}node_modules/.bin/${program}`, args, { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, `${program}: ${stdout}${stderr}`);
  return stdout;
}

test("is small", { skip }, (context) => {
  const bundle = (...more) => Buffer.from(run("esbuild", "--bundle", "--minify", "--format=esm", ...more));
  const sizes = (code) => [code.length, gzipSync(code, { level: 9 }).length];
  const [minified, compressed] = sizes(bundle("src/index.js", "--external:./troubles.js"));
  context.diagnostic(`the main module: ${minified} bytes, ${compressed} compressed`);
  context.diagnostic(`with what is loaded apart: ${sizes(bundle("src/index.js")).join(" bytes, ")} compressed`);
  for (const entry of ["leaflet", "maplibre", "msal", "openlayers", "relay"]) {
    context.diagnostic(`${entry}: ${sizes(bundle(`src/${entry}.js`, "--external:./troubles.js", "--external:./problems.js")).join(" bytes, ")} compressed`);
  }
  assert.ok(minified <= MAX_MINIFIED, `${minified} bytes`);
  assert.ok(compressed <= MAX_COMPRESSED, `${compressed} bytes`);
});

test("loads apart only what is needed when something goes wrong", { skip }, () => {
  const bundle = run("esbuild", "src/index.js", "--bundle", "--minify", "--format=esm", "--external:./troubles.js");
  assert.equal(bundle.match(/import\(/g).length, 1);
});

test("has types for the real OpenLayers, Leaflet, MapLibre and MSAL.js, in strict mode", { skip }, () => {
  run("tsc", "-p", "test/types");
});

test("the code of the README compiles in strict mode", { skip }, async (context) => {
  const scratch = await mkdtemp(`${folder}.readme-`);
  context.after(() => rm(scratch, { recursive: true }));
  const blocks = await codeOfReadme();
  assert.ok(blocks.length >= 5);
  for (const [index, block] of blocks.entries()) await writeFile(`${scratch}/block-${index}.js`, withTypes(block));
  const options = { extends: "../test/types/tsconfig.json", compilerOptions: { allowJs: true, checkJs: true }, include: ["*.js"] };
  await writeFile(`${scratch}/tsconfig.json`, JSON.stringify(options));
  run("tsc", "-p", scratch);
});

/** Types of what the README's functions take, which a reader knows without them. */
const PARAMETERS = {
  "openSession(msal, account, page)": [
    'import("@azure/msal-browser").PublicClientApplication',
    'import("@azure/msal-browser").AccountInfo',
    "{ refreshLayers(): void, openInNewTab(): void, show(text: string, act?: false | (() => void)): void }",
  ],
  "addLayers(map, session)": ['import("ol/Map.js").default', 'import("@pozi/session").Session'],
  "openRelayedSession(entraToken)": ['import("@pozi/session").SessionOptions["entraToken"]'],
  "addZones(map, session)": ["any", 'import("@pozi/session").Session'],
};

function withTypes(block) {
  const library = block.includes('"leaflet"') ? 'import("leaflet").Map' : 'import("maplibre-gl").Map';
  return block.replace(/export function (\w+\((.*?)\))/g, (whole, signature, names) => {
    const types = PARAMETERS[signature];
    const lines = names.split(", ").map((name, index) => ` * @param {${types[index].replace("any", library)}} ${name}`);
    return `/**\n${lines.join("\n")}\n */\n${whole}`;
  });
}

test("is published as tools expect it", { skip }, () => {
  run("publint", "run", "--strict", ".");
  // Only for ES modules: what cannot be imported by `require` in old versions of Node.js is not a finding.
  run("attw", "--pack", ".", "--profile", "esm-only");
});

test("the package has its sources and types, and no test", { skip }, async () => {
  const [{ files }] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json"], { cwd: folder, encoding: "utf8" }));
  const paths = files.map(({ path }) => path);
  assert.ok(paths.every((path) => /^(src\/.*\.(js|d\.ts)|README\.md|package\.json)$/.test(path)), paths.join(" "));
  const { exports, sideEffects, engines } = JSON.parse(await readFile(`${folder}package.json`, "utf8"));
  for (const file of Object.values(exports).flatMap(Object.values)) assert.ok(paths.includes(file.slice(2)), file);
  assert.deepEqual([sideEffects, typeof engines.node], [false, "string"]);
});

test("a page can import it without a build", async () => {
  for (const name of await readdir(`${folder}src`)) {
    if (!name.endsWith(".js")) continue;
    const text = await readFile(`${folder}src/${name}`, "utf8");
    for (const [, from] of text.matchAll(/(?:from |import\()"(.*?)"/g)) {
      assert.ok(from.startsWith("./") && existsSync(`${folder}src/${from}`), `${name} imports ${from}`);
    }
  }
});
