// Calls every method of the official client for Node; prints the names of those it called.
// Arguments: the server's address, a key, a folder to write to.
import './impatient.mjs';
import fs from 'node:fs';
import path from 'node:path';
import { DeepLClient } from 'deepl-node';

const [serverUrl, key, folder] = process.argv.slice(2);
const called = new Set();
const client = new Proxy(new DeepLClient(key, { serverUrl }), {
  get(target, name) {
    const value = target[name];
    if (typeof value !== 'function') return value;
    return (...args) => {
      called.add(name);
      return value.apply(target, args);
    };
  },
});
const file = (name) => path.join(folder, name);
const text = 'The house is very old.';

function check(condition, what) {
  if (!condition) throw new Error(what);
}

const translated = await client.translateText([text, 'Good morning'], 'en', 'pt-BR', {
  preserveFormatting: true,
});
check(translated[0].text.includes('casa'), 'a translation');
await client.getUsage();
await client.getSourceLanguages();
await client.getTargetLanguages();
await client.getGlossaryLanguagePairs();
await client.rephraseText(text, 'en-GB');

const { GlossaryEntries } = await import('deepl-node');
const entries = new GlossaryEntries({ entries: { house: 'lar' } });
const one = await client.createGlossary('One', 'en', 'pt', entries);
const csv = await client.createGlossaryWithCsv('CSV', 'en', 'pt', Buffer.from('house,lar'));
check((await client.listGlossaries()).length === 2, 'two glossaries');
await client.getGlossary(one.glossaryId);
check((await client.getGlossaryEntries(one)).entries().house === 'lar', 'an entry');
for (const each of [one, csv]) await client.deleteGlossary(each);

const dictionary = { sourceLangCode: 'en', targetLangCode: 'pt', entries };
const many = await client.createMultilingualGlossary('Many', [dictionary]);
const other = await client.createMultilingualGlossaryWithCsv('CSV', 'en', 'pt', 'house,lar');
check((await client.listMultilingualGlossaries()).length === 2, 'two multilingual glossaries');
for (const each of [many, other]) check(each.dictionaries[0].entryCount === 1, 'its entry');
await client.updateMultilingualGlossaryName(many, 'More');
await client.updateMultilingualGlossaryDictionary(many, dictionary);
await client.updateMultilingualGlossaryDictionaryWithCsv(many, 'en', 'de', 'house,Haus');
await client.replaceMultilingualGlossaryDictionary(many, dictionary);
await client.replaceMultilingualGlossaryDictionaryWithCsv(many, 'en', 'de', 'house,Haus');
await client.getMultilingualGlossary(many.glossaryId);
await client.getMultilingualGlossaryDictionaryEntries(many, 'en', 'de');
await client.deleteMultilingualGlossaryDictionary(many, 'en', 'de');
for (const each of [many, other]) await client.deleteMultilingualGlossary(each);

const style = await client.createStyleRule({ name: 'Style', language: 'en' });
check((await client.getAllStyleRules(0, 10, true)).length === 1, 'a style');
await client.getStyleRule(style.styleId);
await client.updateStyleRuleName(style.styleId, 'Other');
await client.updateStyleRuleConfiguredRules(style.styleId, { punctuation: { dash: 'use_hyphen' } });
const said = await client.createStyleRuleCustomInstruction(style.styleId, {
  label: 'One',
  prompt: 'Be brief.',
});
await client.getStyleRuleCustomInstruction(style.styleId, said.id);
await client.updateStyleRuleCustomInstruction(style.styleId, said.id, {
  label: 'One',
  prompt: 'Be kind.',
});
await client.deleteStyleRuleCustomInstruction(style.styleId, said.id);
await client.deleteStyleRule(style.styleId);

fs.writeFileSync(file('a.txt'), text);
const handle = await client.uploadDocument(file('a.txt'), 'en', 'pt-BR');
await client.getDocumentStatus(handle);
await client.isDocumentTranslationComplete(handle);
await client.downloadDocument(handle, file('b.txt'));
check(fs.readFileSync(file('b.txt'), 'utf8').includes('casa'), 'a translated document');
await client.translateDocument(file('a.txt'), file('c.txt'), null, 'pt-BR');

const tmx = fs.readFileSync(file('m.tmx'));
const begun = await client.createTranslationMemoryImport('m.tmx', tmx.length);
await client.uploadTranslationMemoryFile(begun, tmx);
await client.isTranslationMemoryJobComplete(begun.jobId);
await client.importTranslationMemoryFromFilepath(file('m.tmx'));
const [memory, second] = await client.listTranslationMemories();
check((await client.getTranslationMemory(memory)).segmentCount === 1, 'a segment');
await client.listTranslationMemorySegments(memory, { filterText: 'house' });
const begunExport = await client.createTranslationMemoryExport(memory);
const done = await client.isTranslationMemoryJobComplete(begunExport.jobId);
await client.getTranslationMemoryJob(begunExport.jobId);
await client.downloadTranslationMemoryExport(done, file('out.tmx'));
await client.exportTranslationMemoryToFilepath(memory, file('out2.tmx'));
for (const each of [memory, second]) await client.deleteTranslationMemory(each);

console.log(JSON.stringify([...called]));
