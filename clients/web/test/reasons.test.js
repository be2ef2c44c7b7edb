// The table of reasons: each has a sentence for the person and one for an administrator.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";

import { forAdministrator, forPerson } from "../src/reasons.js";
import * as service from "../src/service-reasons.js";
import { FRESH_TOKEN_MAY_HELP } from "../src/attempts.js";

test("every reason has both sentences", () => {
  const { other, ...reasons } = forPerson;
  assert.match(other, /tell your administrator the reason:$/);
  assert.deepEqual(Object.keys(reasons).sort(), Object.keys(forAdministrator).sort());
  for (const [reason, text] of Object.entries(reasons)) {
    assert.match(text, /^[A-Z].*\. .*\.$/, `${reason}: what happened, and what the person can do`);
    assert.doesNotMatch(text, /token|Entra|scope|header|session|URL|\b\d{3}\b/i, `${reason}: in words of every day`);
  }
});

test("the refusals that a fresh token may change are the service's", () => {
  for (const reason of FRESH_TOKEN_MAY_HELP) assert.ok(reason in service.forPerson, reason);
});

test("every reason in the sources is in the table", async () => {
  const folder = new URL("../src/", import.meta.url);
  for (const name of await readdir(folder)) {
    const text = await readFile(new URL(name, folder), "utf8");
    for (const [, inCode] of text.matchAll(/new PoziError\(([^{)]*)/g)) {
      for (const [, reason] of inCode.matchAll(/"(\w+)"/g)) {
        if (reason !== "image") assert.ok(reason in forAdministrator, `${name}: ${reason}`);
      }
    }
  }
});

test("the README explains every reason of this module", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  for (const reason of Object.keys(forAdministrator)) {
    if (!(reason in service.forAdministrator)) assert.ok(readme.includes(`\`${reason}\``), reason);
  }
});
