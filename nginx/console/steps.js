// Two views of what the nodes do: the chosen node in detail, and a list of all with their states, which says in words
// what the graph says in colours. Beside them the log of the run.

import { byId, el, oncePerFrame, replace, titleOf } from './dom.js';
import { releaseMedia } from './media.js';
import { valueElement } from './values.js';

const LABELS = { '': 'waiting', stopped: 'stopped', error: 'failed' };
const label = (status) => LABELS[status] ?? status;
const progress = (state) => (state?.total > 0 ? `${state.done} of ${state.total}` : '');

const stateTag = (status) => el('span', { class: 'state', 'data-state': status || 'idle', text: label(status) });

export class NodeDetail {
  #box = null;
  #run = null;
  #shown = '';
  #draw = oncePerFrame(() => this.#now());

  constructor() {
    this.host = byId('node');
  }

  select(box) {
    this.#box = box;
    this.#shown = '';
    this.#draw();
  }

  update(run) {
    this.#run = run;
    this.#draw();
  }

  #now() {
    this.host.hidden = !this.#box;
    if (!this.#box) return;
    const state = this.#run?.nodes.get(this.#box.id);
    const key = JSON.stringify([this.#box.id, this.#run?.jobId, state || null]);
    if (key === this.#shown) return;
    this.#shown = key;
    const properties = { ...this.#box.data, ...state?.properties };
    releaseMedia(this.host);
    replace(this.host,
      el('header', { class: 'field-head' }, el('h4', { text: this.#box.title }), this.#run ? stateTag(state?.status) : null),
      el('p', { class: 'note', text: [this.#box.type, progress(state)].filter(Boolean).join(' · ') }),
      state?.error ? el('p', { class: 'error-text', text: state.error }) : null,
      state?.text ? el('pre', { class: 'text', text: state.text }) : null,
      this.#map('Properties', properties), this.#map('Result', state?.result));
  }

  #map(title, map) {
    const entries = map && typeof map === 'object' ? Object.entries(map) : [];
    if (!entries.length) return null;
    return el('section', {}, el('h5', { text: title }),
      el('dl', { class: 'map' }, entries.map(([key, value]) => [el('dt', { text: key }), el('dd', {}, valueElement(value))])));
  }
}

export class NodeList {
  #host;
  #rows = new Map(); // id → {state, more}

  constructor(host, onSelect) {
    this.#host = host;
    this.onSelect = onSelect;
  }

  draw(graph) {
    this.#rows.clear();
    const rows = (graph?.nodes || []).map((node) => {
      const state = el('td');
      const more = el('td');
      this.#rows.set(node.id, { state, more, shown: null });
      const title = String(node.ui_properties?.title || '') || titleOf(node.type);
      const name = typeof node.data?.name === 'string' && node.data.name ? `${title} “${node.data.name}”` : title;
      return el('tr', {}, state,
        el('td', {}, el('button', { type: 'button', class: 'link', text: name, onclick: () => this.onSelect(node.id) })), more);
    });
    const head = ['State', 'Node', 'Progress'].map((text) => el('th', { scope: 'col', text }));
    this.#host.replaceChildren(rows.length
      ? el('div', { class: 'table' }, el('table', {}, el('thead', {}, el('tr', {}, head)), el('tbody', {}, rows)))
      : el('p', { class: 'note', text: 'This workflow has no nodes.' }));
  }

  update(run) {
    for (const [id, row] of this.#rows) {
      const state = run?.nodes.get(id);
      const more = state?.error || progress(state);
      const key = `${Boolean(run)} ${state?.status} ${more}`;
      if (key === row.shown) continue;
      row.shown = key;
      row.state.replaceChildren(...(run && state ? [stateTag(state.status)] : []));
      row.more.className = state?.error ? 'error-cell' : '';
      row.more.textContent = more;
    }
  }
}

export class LogView {
  #host;
  #run = null;
  #written = 0;
  #list = null;

  constructor(host) {
    this.#host = host;
  }

  update(run, nameOf) {
    if (run !== this.#run || !this.#list) {
      this.#run = run;
      this.#written = 0;
      this.#list = el('ol', { class: 'log', role: 'log', 'aria-label': 'Messages of the run' });
      this.#host.replaceChildren(el('p', { class: 'note', text: 'No messages.' }));
    }
    if (!run || run.logged === this.#written) return;
    if (!this.#written) this.#host.replaceChildren(this.#list);
    const fresh = Math.min(run.logged - this.#written, run.log.length);
    for (const line of run.log.slice(run.log.length - fresh)) {
      this.#list.append(el('li', { 'data-severity': line.severity },
        el('time', { text: line.at.toLocaleTimeString() }),
        el('span', { class: 'who', text: line.node ? nameOf(line.node) : '' }), el('span', { text: line.text })));
    }
    while (this.#list.children.length > run.log.length) this.#list.firstChild.remove();
    this.#written = run.logged;
  }
}
