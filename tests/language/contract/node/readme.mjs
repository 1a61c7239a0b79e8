// Runs the examples of the README of the official client for Node; prints what each one said
// that went wrong, by its text ("" where nothing did).
// Arguments: the server's address, a key, a folder with the files that the examples name.
import './impatient.mjs';
import fs from 'node:fs';
import { createRequire, stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import * as deepl from 'deepl-node';

process.removeAllListeners('warning');
const [serverUrl, key, folder] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const readme = fs.readFileSync(path.join(import.meta.dirname, 'node_modules/deepl-node/README.md'), 'utf8');
const client = new deepl.DeepLClient(key, { serverUrl });
const glossaryEntries = new deepl.GlossaryEntries({ entries: { artist: 'Maler' } });
const dictionary = { sourceLangCode: 'en', targetLangCode: 'de', entries: glossaryEntries };

// Some examples are no valid programs, or do not fit the client's own types: what is meant.
const MEANT = [
  ["entries.`;)", 'entries.`);'],
  ["const csvContent = await readCsvFile(filePath);\n", ''],
  ["createStyleRule('My Style Rule', 'en')", "createStyleRule({ name: 'My Style Rule', language: 'en' })"],
  ["'YOUR_STYLE_ID', 'Formal tone', 'Always use formal language'", "'YOUR_STYLE_ID', { label: 'Formal tone', prompt: 'Always use formal language' }"],
  ["instruction.id, 'Updated label', 'Use very formal language'", "instruction.id, { label: 'Updated label', prompt: 'Use very formal language' }"],
  [/\bdeepLClient\b/g, 'deeplClient'],
  [/\bWriting(Style|Tone)\./g, 'deepl.Writing$1.'],
  [/const result = (?=[^]*const result = )/, 'const first = '],
];

async function filledIn(text, folder) {
  const style = await client.createStyleRule({ name: 'Style', language: 'de' });
  const file = fs.readFileSync(path.join(folder, 'legal.tmx'));
  const begun = await client.createTranslationMemoryImport('legal.tmx', file.length);
  await client.uploadTranslationMemoryFile(begun, file);
  let job;
  do {
    job = await client.getTranslationMemoryJob(begun.jobId);
  } while (['awaiting_input', 'processing'].includes(job.results[0].status));
  for (const [said, meant] of MEANT) text = text.replace(said, meant);
  return stripTypeScriptTypes(text.replace(/^import .*$/gm, ''))
    .replace(/^const deepl = require.*$/gm, '')
    .replace(/"f63c02c5-f056-..."/g, 'key')
    .replace(/DeepLClient\(authKey\)/g, 'DeepLClient(authKey, { serverUrl })')
    .replace(/^\(async/gm, 'await (async')
    .replace(/^deeplClient$/gm, 'await deeplClient')
    .replaceAll('YOUR_STYLE_ID', style.styleId)
    .replaceAll('YOUR_TM_ID', job.results[0].translationMemoryId)
    .replaceAll('/path/to/', `${folder}/`)
    .replaceAll("'Instruction Manual", `'${folder}/Instruction Manual`)
    .replaceAll("'Bedienungsanleitung", `'${folder}/Bedienungsanleitung`);
}

const usage = readme.slice(readme.indexOf('\n## Usage'), readme.indexOf('\n### Writing a Plugin'));
const rephrasing = readme.slice(readme.indexOf('\n### Rephrasing Text'), readme.indexOf('\n#### Logging'));
const AsyncFunction = (async () => {}).constructor;
const outcomes = {};
const files = fs.readdirSync(folder);
let count = 0;

async function runExample(code) {
  const said = [];
  const own = path.join(folder, `of-${count++}`);
  fs.mkdirSync(own);
  for (const name of files) fs.copyFileSync(path.join(folder, name), path.join(own, name));
  const log = (text) => String(text).startsWith('Error') && said.push(String(text));
  const glossary = await client.createMultilingualGlossary('My glossary', [dictionary]);
  const given = {
    deepl,
    serverUrl,
    key,
    require,
    authKey: key,
    console: { log, error: (...all) => said.push(all.join(' ')) },
    fs,
    deeplClient: client,
    glossary,
    createdGlossary: glossary,
    inFile: path.join(own, 'document.docx'),
    outFile: path.join(own, 'out.docx'),
  };
  // An example may declare what another one only uses: its own names win in the inner block.
  const program = `{ ${await filledIn(code, own)} }`;
  try {
    await new AsyncFunction(...Object.keys(given), program)(...Object.values(given));
  } catch (error) {
    said.push(String(error));
  }
  outcomes[code] = said.join('\n');
}

const examples = [...(usage + rephrasing).matchAll(/^```(?:java|type)script\n(.*?)^```/gms)];
// The one that deletes a memory last, because others use the first one that there is.
const isLast = ([, code]) => code.includes('deleteTranslationMemory(');
await Promise.all(examples.filter((one) => !isLast(one)).map(([, code]) => runExample(code)));
await Promise.all(examples.filter(isLast).map(([, code]) => runExample(code)));
console.log(JSON.stringify(outcomes));
