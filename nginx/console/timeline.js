// When each node of a run worked and what it waited for: a row per node on a common axis of time, the chosen one in words.
// The figures are the server's (GET /api/jobs/ID/trace): they are read while the view is in front, and again when the
// run goes on or ends.

import { duration, el, svg } from './dom.js';
import { getTrace } from './api.js';

const ROWS_MAX = 500;
const REFRESH_MS = 1000;
const WIDTH = 1000; // of the drawing; the page stretches it
const HEIGHT = 22;
const LEAST = 3; // of a bar, so that it can be seen
const LABELS = { failed: 'failed', stopped: 'stopped', suspended: 'suspended', running: 'running', completed: 'completed' };

const seconds = (ms) => duration(ms / 1000) || '0 ms';
const time = (ms) => (ms < 1 && ms > 0 ? `${Math.max(1, Math.round(ms * 1000))} µs` : seconds(ms));

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = -1;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

const items = (count, bytes) => `${count === 1 ? '1 value' : `${count} values`}, ${size(bytes)}`;

export class TimelineView {
  #host;
  #run = null;
  #trace = null;
  #request = 0;
  #timer = 0;
  #readEnded = false; // the figures are those of the end
  #chosen = ''; // key of a row
  #nameOf = (id) => id;
  #list = null;
  #detail = null;

  constructor(host, onSelect) {
    this.#host = host;
    this.onSelect = onSelect;
    this.#note('Run the workflow to see when its nodes work.');
  }

  update(run, nameOf) {
    this.#nameOf = nameOf;
    if (run !== this.#run) {
      this.#run = run;
      this.#trace = null;
      this.#readEnded = false;
      this.#chosen = '';
      this.#list = null;
      this.#request++;
      this.#note(run ? 'Loading…' : 'Run the workflow to see when its nodes work.');
    }
    this.#look();
  }

  /** The view comes to the front. */
  show() {
    this.#look();
  }

  /** Reads the figures when they are wanted and may have changed; one question at a time. */
  #look() {
    const run = this.#run;
    if (this.#host.hidden || !run?.accepted || this.#readEnded || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (!this.#host.hidden && this.#run) this.#read(this.#run);
    }, this.#trace && !run.ended ? REFRESH_MS : 0);
  }

  async #read(run) {
    const request = ++this.#request;
    const ended = run.ended;
    try {
      const trace = await getTrace(run.jobId);
      if (request !== this.#request) return;
      this.#trace = trace;
      this.#readEnded = ended;
      this.#draw();
    } catch (error) {
      if (request !== this.#request) return;
      this.#readEnded = ended;
      if (!this.#trace) this.#note(error.status === 404 ? 'The server keeps no times of this run.' : error.message);
    }
    if (!run.ended || !this.#readEnded) this.#look();
  }

  #note(text) {
    this.#list = null;
    this.#host.replaceChildren(el('p', { class: 'note', text }));
  }

  // ---- drawing ----

  #draw() {
    const { nodes } = this.#trace;
    if (!nodes.length) {
      this.#note(this.#trace.incomplete ? 'The server keeps no times of this run.' : 'No node has begun yet.');
      return;
    }
    const end = this.#trace.duration_ms ?? Math.max(1, ...nodes.map((n) => n.end_ms ?? n.start_ms + n.busy_ms + n.waits.outside_ms));
    const rows = nodes.slice(0, ROWS_MAX).map((node, i) => ({ node, key: `${node.node_id}\n${i}` }));
    const focused = this.#list?.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    if (!rows.some((row) => row.key === this.#chosen)) this.#chosen = rows[0].key;
    this.#detail = el('dl', { class: 'map timeline-detail', 'aria-live': 'polite' });
    this.#list = el('ol', {
      class: 'timeline', role: 'listbox', 'aria-label': 'Nodes by the time at which they began', onkeydown: (event) => this.#key(event),
    }, rows.map((row) => this.#row(row, end)));
    this.#host.replaceChildren(this.#head(end), this.#list, this.#detail);
    this.#showDetail();
    if (focused) this.#option(focused)?.focus();
  }

  #head(end) {
    const trace = this.#trace;
    const asked = Date.parse(trace.requested_at);
    const began = Date.parse(trace.began_at);
    const text = [`${time(end)} in all`];
    if (began > asked) text.push(`${time(began - asked)} before it began`);
    if (trace.nodes.length > ROWS_MAX) text.push(`the first ${ROWS_MAX} of ${trace.nodes.length} nodes`);
    if (trace.incomplete) text.push('some times are no longer kept');
    return el('div', { class: 'timeline-head' }, el('p', { class: 'note', text: text.join(' · ') }),
      el('ul', { class: 'timeline-key' }, [['busy', 'works'], ['wait', 'waits for others'], ['outside', 'waits outside']]
        .map(([kind, label]) => el('li', { 'data-kind': kind, text: label }))));
  }

  #row({ node, key }, end) {
    const name = this.#nameOf(node.node_id);
    const took = (node.end_ms ?? end) - node.start_ms;
    const state = node.cached ? 'from the cache' : LABELS[node.status] || node.status;
    return el('li', {
      role: 'option', class: 'timeline-row', 'data-key': key, 'data-node': node.node_id, 'data-state': node.status,
      'aria-selected': String(key === this.#chosen), tabindex: key === this.#chosen ? '0' : '-1',
      'aria-label': `${name}: ${state}, began at ${time(node.start_ms)}, took ${time(took)}`,
      onclick: () => this.#choose(key), onfocus: () => this.#choose(key),
    }, el('span', { class: 'timeline-name', text: name }), this.#bar(node, end), el('span', { class: 'timeline-took', text: time(took) }));
  }

  /** Work, waits outside and other waits are shares of the bar, not places in it: a node does each many times. */
  #bar(node, end) {
    const scale = (ms) => (ms / end) * WIDTH;
    const from = Math.min(scale(node.start_ms), WIDTH - LEAST);
    const width = Math.max(LEAST, Math.min(scale((node.end_ms ?? end) - node.start_ms), WIDTH - from));
    const outside = Math.min(scale(node.waits.outside_ms), width);
    const busy = Math.min(Math.max(scale(node.busy_ms), outside ? 0 : LEAST), width - outside);
    const part = (kind, x, w, y, height) => (w > 0
      ? svg('rect', { class: `t-${kind}`, x: x.toFixed(2), y, width: w.toFixed(2), height, rx: 2 }) : null);
    return svg('svg', {
      class: 'timeline-bar', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true',
    }, part('wait', from, width, 8, 6), part('busy', from, busy, 4, 14), part('outside', from + busy, outside, 4, 14));
  }

  #showDetail() {
    const index = Array.from(this.#list.children).findIndex((row) => row.dataset.key === this.#chosen);
    const node = this.#trace.nodes[index];
    if (!node) return;
    const facts = [
      ['Node', `${this.#nameOf(node.node_id)} (${node.node_type})`],
      ['State', node.cached ? 'completed, from the cache' : node.status],
      ['Began', time(node.start_ms)], ['Ended', node.end_ms === null ? '—' : time(node.end_ms)],
      ['Worked', `${time(node.busy_ms)}, called ${node.calls === 1 ? 'once' : `${node.calls} times`}`],
      ['Waited for inputs', node.waits.input_ms === null ? '—' : time(node.waits.input_ms)],
      ['Waited for readers', time(node.waits.output_ms)], ['Waited outside', time(node.waits.outside_ms)],
      ['In', items(node.items_in, node.bytes_in)], ['Out', items(node.items_out, node.bytes_out)],
    ];
    this.#detail.replaceChildren(...facts.flatMap(([name, text]) => [el('dt', { text: name }), el('dd', { text })]));
  }

  // ---- choosing ----

  #option(key) {
    return Array.from(this.#list?.children || []).find((row) => row.dataset.key === key);
  }

  #choose(key) {
    if (key === this.#chosen) return;
    for (const [id, chosen] of [[this.#chosen, false], [key, true]]) {
      this.#option(id)?.setAttribute('aria-selected', String(chosen));
      this.#option(id)?.setAttribute('tabindex', chosen ? '0' : '-1');
    }
    this.#chosen = key;
    this.#showDetail();
  }

  #key(event) {
    const rows = Array.from(this.#list.children);
    const here = rows.findIndex((row) => row === event.target);
    const next = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: rows.length - 1, PageUp: here - 10, PageDown: here + 10 }[event.key];
    if (event.key === 'Enter' && here >= 0) this.onSelect(rows[here].dataset.node);
    if (here < 0 || next === undefined) return;
    event.preventDefault();
    rows[Math.max(0, Math.min(next, rows.length - 1))].focus();
  }
}
