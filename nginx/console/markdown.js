// Markdown as page elements: the blocks and spans that models write. Nothing is parsed as HTML: a tag in the text is
// shown as the text it is, a picture is a link to it, and only http, https and mailto addresses become links.
//
// Every pattern is tried at one place of the text and runs forward only, so that a hostile text costs no more than a
// long one.

import { el } from './dom.js';

const DEPTH = 12; // of lists and quotes in each other, and of spans
const SAFE = /^(?:https?:\/\/|mailto:)[^\s]+$/i;
const FENCE = /^ {0,3}(`{3,}|~{3,}) *([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+|$)(.*)$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?:( +)(.*)|)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const DELIMITERS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

const blank = (line) => !line.trim();
const indent = (line) => line.length - line.trimStart().length;

// ---- blocks: [{kind, lines}, …] of a text, by its lines

function startsBlock(line) {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || ITEM.test(line);
}

function takeFence(lines, at) {
  const fence = FENCE.exec(lines[at])[1];
  let end = at + 1;
  const closes = (line) => line.trim().length >= fence.length && indent(line) < 4
    && line.trim() === fence[0].repeat(line.trim().length);
  while (end < lines.length && !closes(lines[end])) end += 1;
  return { kind: 'code', lines: lines.slice(at, end), end: end + 1 };
}

function takeWhile(kind, lines, at, goesOn) {
  let end = at + 1;
  while (end < lines.length && goesOn(lines[end], end)) end += 1;
  return { kind, lines: lines.slice(at, end), end };
}

/** A list goes on through blank lines as long as what follows is indented or another item of its kind. */
function takeList(lines, at) {
  const kindOf = (line) => ITEM.exec(line)?.[2].slice(-1);
  const kind = kindOf(lines[at]);
  return takeWhile('list', lines, at, (line, i) => {
    if (!blank(line)) {
      if (indent(line) >= 2) return true;
      if (ITEM.test(line) && !RULE.test(line)) return kindOf(line) === kind;
      return !blank(lines[i - 1]) && !startsBlock(line);
    }
    const next = lines.slice(i + 1, i + 3).find((l) => !blank(l));
    return next !== undefined && (indent(next) >= 2 || kindOf(next) === kind);
  });
}

const isTable = (lines, at) => lines[at].includes('|') && at + 1 < lines.length && lines[at + 1].includes('-')
  && DELIMITERS.test(lines[at + 1]) && cells(lines[at]).length === cells(lines[at + 1]).length;

function takeBlock(lines, at) {
  const line = lines[at];
  if (FENCE.test(line)) return takeFence(lines, at);
  if (HEADING.test(line)) return { kind: 'heading', lines: [line], end: at + 1 };
  if (RULE.test(line)) return { kind: 'rule', lines: [line], end: at + 1 };
  if (QUOTE.test(line)) return takeWhile('quote', lines, at, (l) => !blank(l) && (QUOTE.test(l) || !startsBlock(l)));
  if (ITEM.test(line)) return takeList(lines, at);
  if (isTable(lines, at)) return takeWhile('table', lines, at, (l) => !blank(l) && !startsBlock(l));
  return takeWhile('text', lines, at, (l, i) => !blank(l) && !startsBlock(l) && !isTable(lines, i));
}

/** The blocks of a text; each is drawn alone, so that a text that grows needs only its last ones drawn again. */
export function blocksOf(text) {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\t/g, '    ').split('\n');
  const blocks = [];
  for (let at = 0; at < lines.length;) {
    if (blank(lines[at])) {
      at += 1;
    } else {
      const block = takeBlock(lines, at);
      blocks.push(block);
      at = block.end;
    }
  }
  return blocks;
}

// ---- drawing blocks

/** The cells of a row; a bar behind a backslash or between backticks is part of its cell. */
function cells(line) {
  const row = line.trim().replace(/^\|/, '');
  const found = [''];
  let code = false;
  for (let i = 0; i < row.length; i++) {
    if (row[i] === '\\' && row[i + 1] === '|') found[found.length - 1] += row[++i];
    else if (row[i] === '|' && !code) found.push('');
    else {
      if (row[i] === '`') code = !code;
      found[found.length - 1] += row[i];
    }
  }
  if (found.length > 1 && !found[found.length - 1].trim()) found.pop();
  return found.map((cell) => cell.trim());
}

function drawTable(lines) {
  const side = (cell) => (/^:-+:$/.test(cell) ? 'middle' : /-:$/.test(cell) ? 'number' : null);
  const sides = cells(lines[1]).map(side);
  const row = (name, line) => el('tr', {}, sides.map((kind, i) =>
    el(name, { class: kind, scope: name === 'th' ? 'col' : null }, spans(cells(line)[i] || ''))));
  return el('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': 'Table' }, el('table', {},
    el('thead', {}, row('th', lines[0])), el('tbody', {}, lines.slice(2).map((line) => row('td', line)))));
}

function drawCode(lines) {
  const language = FENCE.exec(lines[0])[2].trim().split(/\s+/)[0];
  const inset = indent(lines[0]);
  const text = lines.slice(1).map((line) => line.slice(Math.min(inset, indent(line)))).join('\n');
  const copy = el('button', { type: 'button', class: 'quiet small', text: 'Copy' });
  copy.addEventListener('click', () => navigator.clipboard?.writeText(text).then(
    () => { copy.textContent = 'Copied'; }, () => { copy.textContent = 'Not allowed'; }));
  return el('div', { class: 'code-block' },
    el('div', { class: 'code-head' }, el('span', { text: language || 'text' }), copy),
    el('pre', { tabindex: '0', 'aria-label': `Code${language ? ` (${language})` : ''}` }, el('code', { text })));
}

function drawList(lines, depth) {
  const first = ITEM.exec(lines[0]);
  const items = [];
  let width = 0;
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item && (!items.length || indent(line) < width)) {
      width = item[1].length + item[2].length + Math.min(item[3]?.length || 1, 4);
      items.push([item[4] || '']);
    } else {
      items[items.length - 1].push(line.slice(Math.min(indent(line), width)));
    }
  }
  const loose = items.some((item, i) => item.some((line, at) => blank(line) && (at < item.length - 1 || i < items.length - 1)));
  const ordered = /\d/.test(first[2]);
  return el(ordered ? 'ol' : 'ul', { start: ordered ? parseInt(first[2], 10) : null },
    items.map((item) => drawItem(item, loose, depth)));
}

function drawItem(lines, loose, depth) {
  const task = /^\[([ xX])\] +(.*)$/.exec(lines[0]);
  const text = task ? [task[2], ...lines.slice(1)] : lines;
  const mark = task ? el('span', { class: 'task', text: task[1] === ' ' ? '☐ ' : '☑ ' }) : null;
  const inside = drawAll(text.join('\n'), depth + 1);
  const content = inside.flatMap((node) => (!loose && node.tagName === 'P' ? [...node.childNodes] : [node]));
  return el('li', { class: task ? 'task-item' : null }, mark, content);
}

const DRAW = {
  code: drawCode,
  table: drawTable,
  list: drawList,
  rule: () => el('hr'),
  heading([line]) {
    const [, marks, text] = HEADING.exec(line);
    // Below the headings of the page itself.
    return el(`h${Math.min(marks.length + 3, 6)}`, { class: `heading-${marks.length}` }, spans(text.replace(/[ \t]+#+[ \t]*$/, '')));
  },
  quote: (lines, depth) => el('blockquote', {},
    drawAll(lines.map((line) => QUOTE.exec(line)?.[1] ?? line).join('\n'), depth + 1)),
  text: (lines) => el('p', {}, spans(lines.map((line) => line.trimStart()).join('\n'))),
};

/** The element of one block. */
export function drawBlock(block, depth = 0) {
  if (depth >= DEPTH) return el('p', { text: block.lines.join('\n') });
  return DRAW[block.kind](block.lines, depth);
}

function drawAll(text, depth) {
  return blocksOf(text).map((block) => drawBlock(block, depth));
}

/** The elements of a text. */
export const markdown = (text) => drawAll(text, 0);

// ---- spans: emphasis, code, links inside a block

const PUNCTUATION = /[!-/:-@[-`{-~]/;
const WORD = /[\p{L}\p{N}]/u;
const URL_START = /^https?:\/\/[^\s<>"`]+/i;
const MARKS = [['***', 'strong', 'em'], ['**', 'strong'], ['__', 'strong'], ['~~', 'del'], ['*', 'em'], ['_', 'em']];

function codeSpan(text, at) {
  let width = 1;
  while (text[at + width] === '`') width += 1;
  for (let i = at + width; i < text.length;) {
    const next = text.indexOf('`', i);
    if (next < 0) break;
    let run = 1;
    while (text[next + run] === '`') run += 1;
    if (run === width) {
      const inside = text.slice(at + width, next).replace(/\n/g, ' ');
      const padded = /^ .*[^ ].* $/.test(inside) ? inside.slice(1, -1) : inside;
      return { node: el('code', { text: padded }), end: next + run };
    }
    i = next + run;
  }
  return { node: text.slice(at, at + width), end: at + width };
}

/** The place of the bracket that closes the one at `at`, or -1. */
function closing(text, at, open, close) {
  let depth = 0;
  const limit = Math.min(text.length, at + 2000);
  for (let i = at; i < limit; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === open) depth += 1;
    else if (text[i] === close && --depth === 0) return i;
  }
  return -1;
}

function link(address, content) {
  return SAFE.test(address) ? el('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, content) : null;
}

/** [words](address "title") and the same with "!" before it. */
function linkSpan(text, at, depth) {
  const picture = text[at] === '!';
  const open = at + (picture ? 1 : 0);
  const close = closing(text, open, '[', ']');
  if (close < 0 || text[close + 1] !== '(') return null;
  const end = closing(text, close + 1, '(', ')');
  if (end < 0) return null;
  const address = text.slice(close + 2, end).trim().replace(/\s+(?:"[^"]*"|'[^']*')$/, '').replace(/^<(.*)>$/, '$1');
  const words = text.slice(open + 1, close);
  const content = picture ? [`Picture: ${words || address}`] : spans(words || address, depth + 1);
  return { node: link(address, content) || content, end: end + 1 };
}

function bareUrl(text, at) {
  const found = URL_START.exec(text.slice(at, at + 2000))?.[0].replace(/[.,:;!?'*_~]+$/, '');
  if (!found) return null;
  const trimmed = found.endsWith(')') && !found.includes('(') ? found.replace(/\)+$/, '') : found;
  return { node: link(trimmed, trimmed) || trimmed, end: at + trimmed.length };
}

function angled(text, at) {
  const found = /^<([^\s<>]{1,2000})>/.exec(text.slice(at, at + 2002));
  const address = found && (/^[^@:]+@[^@:]+$/.test(found[1]) ? `mailto:${found[1]}` : found[1]);
  const node = address && link(address, found[1]);
  return node ? { node, end: at + found[0].length } : null;
}

/** Where a mark that was opened at `at` is closed; -1 when it is not. */
function closeOfMark(text, at, mark) {
  for (let i = text.indexOf(mark, at + mark.length + 1); i >= 0; i = text.indexOf(mark, i + 1)) {
    if (text[i - 1] === '\\' || /\s/.test(text[i - 1])) continue;
    if (mark.length === 1 && (text[i + 1] === mark || text[i - 1] === mark)) continue;
    if (mark[0] === '_' && WORD.test(text[i + mark.length] || '')) continue;
    return i;
  }
  return -1;
}

function emphasis(text, at, depth, unclosed) {
  for (const [mark, outer, inner] of MARKS) {
    if (!text.startsWith(mark, at) || unclosed.has(mark)) continue;
    const next = text[at + mark.length];
    if (!next || /\s/.test(next) || (mark[0] === '_' && WORD.test(text[at - 1] || ''))) continue;
    const end = closeOfMark(text, at, mark);
    if (end < 0) {
      unclosed.add(mark); // nor will it be for a later one
      continue;
    }
    const content = spans(text.slice(at + mark.length, end), depth + 1);
    return { node: el(outer, {}, inner ? el(inner, {}, content) : content), end: end + mark.length };
  }
  return null;
}

function spanAt(text, at, depth, unclosed) {
  switch (text[at]) {
    case '`': return codeSpan(text, at);
    case '!': return text[at + 1] === '[' ? linkSpan(text, at, depth) : null;
    case '[': return linkSpan(text, at, depth);
    case '<': return angled(text, at);
    case '*': case '_': case '~': return emphasis(text, at, depth, unclosed);
    case 'h': case 'H': return WORD.test(text[at - 1] || '') ? null : bareUrl(text, at);
    case '\\':
      if (text[at + 1] === '\n') return { node: el('br'), end: at + 2 };
      return PUNCTUATION.test(text[at + 1] || '') ? { node: text[at + 1], end: at + 2 } : null;
    default: return text.startsWith('  \n', at) ? { node: el('br'), end: at + 3 } : null;
  }
}

/** Nodes and texts of a line of words. */
function spans(text, depth = 0) {
  if (depth >= DEPTH) return [text];
  const out = [];
  const unclosed = new Set();
  let from = 0;
  const special = /[`!\[<*_~hH\\]| {2}\n/g;
  for (let found = special.exec(text); found; found = special.exec(text)) {
    const at = found.index;
    const span = spanAt(text, at, depth, unclosed);
    if (!span) continue;
    if (at > from) out.push(text.slice(from, at));
    out.push(span.node);
    from = span.end;
    special.lastIndex = from;
  }
  if (from < text.length) out.push(text.slice(from));
  return out;
}
