// The initial load: what a browser fetches before it can show the first page. Fails beyond the budget.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const COMPRESSED_BYTES_MAX = 200_000;
const folder = fileURLToPath(new URL("../src/hanse/server/client", import.meta.url));

const document = readFileSync(`${folder}/index.html`);
const names = [...document.toString().matchAll(/(?:src|href)="(\/app\/[^"]+)"/g)].map(
  (match) => match[1],
);
const files = [document, ...names.map((name) => readFileSync(folder + name))];
const bytes = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
if (names.length === 0 || bytes > COMPRESSED_BYTES_MAX) {
  console.error(`The initial load has ${bytes} bytes compressed; ${COMPRESSED_BYTES_MAX} may be.`);
  process.exit(1);
}
console.log(`The initial load has ${bytes} of at most ${COMPRESSED_BYTES_MAX} bytes compressed.`);
