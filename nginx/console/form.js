// The form for a workflow's inputs: one field per property of its input_schema, and one for each input node that
// the schema does not describe (lists, choices, models), which take their kind from the node.

import { el } from './dom.js';

const MEDIA = { image: 'image/*', audio: 'audio/*', video: 'video/*', document: '' };
const FILE_MAX = 64 * 1024 * 1024; // bytes; a file travels inside one WebSocket message
const TEXT_KINDS = new Set(['FilePathInput', 'FolderPathInput', 'DocumentFileInput']);

const isMap = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);

/** [{name, label, kind, value, min, max, options, media, help}] for a workflow. */
export function fieldsOf(workflow) {
  const nodes = new Map();
  for (const node of workflow.graph?.nodes || []) {
    if (/^nodetool\.input\./.test(node.type) && isMap(node.data)) {
      const name = node.data.name || node.id;
      if (typeof name === 'string' && !nodes.has(name)) nodes.set(name, node);
    }
  }
  const fields = [];
  for (const [name, schema] of Object.entries(workflow.input_schema?.properties || {})) {
    fields.push(fromSchema(name, isMap(schema) ? schema : {}, nodes.get(name)));
    nodes.delete(name);
  }
  for (const [name, node] of nodes) {
    const field = fromNode(name, node);
    if (field) fields.push(field);
  }
  return fields;
}

function common(name, node, schema) {
  const text = (v) => (typeof v === 'string' ? v : '');
  return {
    name, label: text(schema.label) || text(node?.data.label) || name,
    help: text(node?.data.description), value: schema.default ?? node?.data.value,
  };
}

function fromSchema(name, schema, node) {
  const field = common(name, node, schema);
  const media = schema.properties?.type?.enum?.[0];
  if (schema.type === 'object' && media in MEDIA) return { ...field, kind: 'media', media };
  if (schema.type === 'integer' || schema.type === 'number') {
    // The schema's bounds are a guess (0 to 100) where the node names none: only the node's own bind.
    const bound = (key) => (typeof node?.data[key] === 'number' ? node.data[key] : undefined);
    return { ...field, kind: schema.type, min: bound('min'), max: bound('max') };
  }
  if (schema.type === 'string') return { ...field, kind: 'string' };
  if (schema.type === 'boolean') return { ...field, kind: 'boolean' };
  return { ...field, kind: 'json' };
}

function fromNode(name, node) {
  const kind = node.type.split('.').pop();
  const field = common(name, node, {});
  if (kind === 'RealtimeAudioInput' || kind === 'MessageDeconstructor') return null; // fed while running, by programs
  if (kind === 'SelectInput') {
    const options = (Array.isArray(node.data.options) ? node.data.options : []).map(String);
    return options.length ? { ...field, kind: 'choice', options } : { ...field, kind: 'string' };
  }
  return { ...field, kind: TEXT_KINDS.has(kind) ? 'string' : 'json' };
}

// Each kind: build(field, id) gives the control; read(control, field) gives its value, undefined for "leave as is",
// and throws an Error with a text for the user.
const KINDS = {
  string: {
    build: (field, id) => el('textarea', { id, rows: 1, spellcheck: 'false', text: text(field.value) }),
    read: (control) => control.value,
  },
  integer: { build: numberControl, read: readNumber },
  number: { build: numberControl, read: readNumber },
  boolean: {
    build: (field, id) => el('input', { id, type: 'checkbox', checked: field.value === true }),
    read: (control) => control.checked,
  },
  choice: {
    build: (field, id) => el('select', { id }, field.options.map((option) =>
      el('option', { value: option, text: option, selected: option === field.value }))),
    read: (control) => control.value,
  },
  media: {
    build: (field, id) => el('input', { id, type: 'file', accept: MEDIA[field.media] || null }),
    read: (control, field) => (control.files[0] ? readMedia(control.files[0], field.media) : undefined),
  },
  json: {
    build: (field, id) => el('textarea', {
      id, rows: 3, spellcheck: 'false', class: 'code',
      text: field.value === undefined ? '' : JSON.stringify(field.value, null, 1),
    }),
    read(control) {
      if (!control.value.trim()) return undefined;
      try {
        return JSON.parse(control.value);
      } catch {
        throw new Error('is not valid JSON.');
      }
    },
  },
};

const text = (value) => (value === undefined || value === null ? '' : String(value));

function numberControl(field, id) {
  return el('input', {
    id, type: 'text', inputmode: field.kind === 'integer' ? 'numeric' : 'decimal', autocomplete: 'off',
    value: text(field.value),
  });
}

function readNumber(control, field) {
  const typed = control.value.trim();
  if (!typed) return undefined;
  const value = Number(typed);
  if (!Number.isFinite(value)) throw new Error('needs a number.');
  if (field.kind === 'integer') {
    if (!Number.isInteger(value)) throw new Error('needs a whole number.');
    if (!Number.isSafeInteger(value)) throw new Error('is too large for this page.');
  }
  if (value < field.min) throw new Error(`must be at least ${field.min}.`);
  if (value > field.max) throw new Error(`must be at most ${field.max}.`);
  return value;
}

async function readMedia(file, type) {
  if (file.size > FILE_MAX) throw new Error(`takes files up to ${FILE_MAX >> 20} MB.`);
  const uri = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error('could not be read.'));
    reader.readAsDataURL(file);
  });
  return { type, uri };
}

/** "Load a text file" beside a text field: long inputs are files more often than typed. */
function textFile(control, label) {
  const file = el('input', {
    type: 'file', class: 'hidden', tabindex: '-1', 'aria-hidden': 'true',
    async onchange() {
      if (file.files[0]) control.value = await file.files[0].text();
      file.value = '';
      control.focus();
    },
  });
  const button = el('button', {
    type: 'button', class: 'quiet small', 'aria-label': `${label}: load a text file`, text: 'Load a file…',
    onclick: () => file.click(),
  });
  return [file, button];
}

export class InputForm {
  #host;
  #fields = [];

  constructor(host) {
    this.#host = host;
  }

  draw(workflow) {
    this.#fields = fieldsOf(workflow).map((field, i) => ({ ...field, ...this.#build(field, `field-${i}`) }));
    this.#host.replaceChildren(...this.#fields.map((f) => f.row));
    if (!this.#fields.length) this.#host.append(el('p', { class: 'note', text: 'This workflow has no inputs.' }));
  }

  #build(field, id) {
    const control = KINDS[field.kind].build(field, id);
    const error = el('p', { class: 'error-text', id: `${id}-error`, hidden: true });
    const bounds = [field.min !== undefined && `at least ${field.min}`, field.max !== undefined && `at most ${field.max}`];
    const help = [field.help, bounds.filter(Boolean).join(', '), field.kind === 'json' && 'JSON'].filter(Boolean).join(' · ');
    control.setAttribute('aria-describedby', `${id}-help ${id}-error`);
    control.addEventListener('input', () => this.#mark(control, error, ''));
    const label = el('label', { for: id, text: field.label });
    const tools = field.kind === 'string' ? textFile(control, field.label) : [];
    const row = el('div', { class: `field field-${field.kind}` },
      el('div', { class: 'field-head' }, label, tools), control,
      el('p', { class: 'note', id: `${id}-help`, text: help, hidden: !help }), error);
    return { control, error, row };
  }

  #mark(control, node, message) {
    node.textContent = message;
    node.hidden = !message;
    if (message) control.setAttribute('aria-invalid', 'true');
    else control.removeAttribute('aria-invalid');
  }

  /** The params of a run, or null when a field is wrong: it is marked then and has the focus. */
  async read() {
    const params = {};
    let wrong = null;
    for (const field of this.#fields) {
      try {
        const value = await KINDS[field.kind].read(field.control, field);
        this.#mark(field.control, field.error, '');
        if (value !== undefined) Object.defineProperty(params, field.name, { value, enumerable: true });
      } catch (error) {
        this.#mark(field.control, field.error, `${field.label} ${error.message}`);
        wrong ||= field.control;
      }
    }
    wrong?.focus();
    return wrong ? null : params;
  }
}
