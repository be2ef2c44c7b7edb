// The code of README.md, which tests compile and run.

import { readFile } from "node:fs/promises";

/** Returns the blocks of JavaScript in the README. */
export async function codeOfReadme() {
  const text = await readFile(new URL("../README.md", import.meta.url), "utf8");
  return [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
}
