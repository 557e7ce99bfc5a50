// One value of an output as page elements: text, numbers, tables, media, JSON.

import { el } from './dom.js';
import { isMedia, mediaElement } from './media.js';

const ROWS = 200;
const COLUMNS = 30;
const TEXT = 200000; // characters shown at once
const CELL = 300;
const ITEMS = 100;

const isMap = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
const isEmpty = (v) => v === null || v === undefined;
const isScalar = (v) => v === null || typeof v !== 'object';

function json(value) {
  const text = JSON.stringify(value, null, 2) ?? 'null';
  return text.length > TEXT ? `${text.slice(0, TEXT)}\n… ${text.length - TEXT} more characters` : text;
}

function textBlock(value) {
  const long = value.length > TEXT;
  const shown = long ? `${value.slice(0, TEXT)}\n… ${value.length - TEXT} more characters` : value;
  return el('pre', { class: 'text', text: shown });
}

function cell(value, number) {
  if (isMap(value) && isMedia(value)) return el('td', {}, mediaElement(value));
  const text = isEmpty(value) ? '' : isScalar(value) ? String(value) : JSON.stringify(value);
  return el('td', { class: number ? 'number' : null, text: text.length > CELL ? `${text.slice(0, CELL)}…` : text });
}

/** A table; rows are lists in the order of the columns. */
function table(columns, rows) {
  const shown = columns.slice(0, COLUMNS);
  const numeric = shown.map((_, i) => rows.slice(0, ROWS).every((row) => isEmpty(row[i]) || typeof row[i] === 'number'));
  const hidden = [];
  if (rows.length > ROWS) hidden.push(`${rows.length - ROWS} more rows`);
  if (columns.length > COLUMNS) hidden.push(`${columns.length - COLUMNS} more columns`);
  return el('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': `Table of ${rows.length} rows` },
    el('table', {},
      el('thead', {}, el('tr', {}, shown.map((name, i) => el('th', { scope: 'col', class: numeric[i] ? 'number' : null, text: name })))),
      el('tbody', {}, rows.slice(0, ROWS).map((row) => el('tr', {}, shown.map((_, i) => cell(row[i], numeric[i])))))),
    hidden.length ? el('p', { class: 'note', text: `… ${hidden.join(', ')}` }) : null);
}

function tableOfMaps(list) {
  const columns = [...new Set(list.slice(0, ROWS).flatMap((row) => Object.keys(row)))];
  return table(columns, list.map((row) => columns.map((name) => row[name])));
}

const isDataframe = (v) => v.type === 'dataframe' && Array.isArray(v.columns) && Array.isArray(v.data);

function dataframe(value) {
  const columns = value.columns.map((c) => String(isMap(c) ? c.name : c));
  const cells = (row) => (Array.isArray(row) ? row : isMap(row) ? columns.map((c) => row[c]) : [row]);
  return table(columns, value.data.map(cells));
}

const isRow = (v) => isMap(v) && !isMedia(v) && !isDataframe(v) && Object.keys(v).length > 0;
const isSimple = (v) => isScalar(v) || (isMap(v) && (isMedia(v) || isDataframe(v)));

function list(values) {
  if (!values.length) return el('p', { class: 'note', text: 'An empty list.' });
  if (values.every(isRow)) return tableOfMaps(values);
  if (!values.every(isSimple)) return el('pre', { class: 'code', text: json(values) });
  return el('ol', { class: 'list' }, values.slice(0, ITEMS).map((v) => el('li', {}, valueElement(v))),
    values.length > ITEMS ? el('li', { class: 'note', text: `… ${values.length - ITEMS} more` }) : null);
}

/** The element that shows a value. */
export function valueElement(value) {
  if (value === null || value === undefined) return el('p', { class: 'note', text: 'No value.' });
  if (typeof value === 'string') return textBlock(value);
  if (typeof value === 'number' || typeof value === 'boolean') return el('p', { class: 'scalar', text: String(value) });
  if (Array.isArray(value)) return list(value);
  if (isMedia(value)) return mediaElement(value);
  if (isDataframe(value)) return dataframe(value);
  return el('pre', { class: 'code', text: json(value) });
}
