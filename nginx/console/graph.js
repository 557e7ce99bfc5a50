// Draws a graph as SVG and keeps the state of its nodes and edges up to date during a run. The nodes are one stop of
// the Tab key; the arrow keys go from node to node, Enter shows one.

import { el, svg } from './dom.js';
import { layout } from './layout.js';

const MARKS = {
  running: '●', completed: '✓', error: '!', stopped: '■', suspended: '‖', waiting: '…', booting: '…', starting: '…',
};
const ZOOM = { least: 0.2, most: 2, step: 1.25, legible: 0.65 };

const LINE = 40; // characters; the frame cuts off what does not fit
const SURE = 15; // as many fit in any case

const short = (text, max) => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

/** Takes letters off a title until it fits. */
function shorten(node, width) {
  let words = node.textContent;
  while (words.length > SURE && node.getComputedTextLength() > width) {
    words = words.slice(0, -1);
    node.textContent = `${words}…`;
  }
}

export class GraphView {
  #host;
  #nodes = new Map(); // id → {group, title, mark, line, bar, box, shown, label}
  #edges = new Map(); // id → {path, label, shown}
  #svg = null;
  #box = null;
  #zoom = 0; // 0: as large as fits, but legible

  /** onSelect(node) is called with a node of the layout, or null. */
  constructor(host, onSelect) {
    this.#host = host;
    this.onSelect = onSelect;
    this.selected = null;
    host.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#size()).observe(host);
  }

  draw(graph) {
    const { nodes, edges, box } = layout(graph);
    this.#nodes.clear();
    this.#edges.clear();
    this.#box = box;
    this.#zoom = 0;
    this.select(null);
    if (!nodes.length) {
      this.#svg = null;
      this.#host.replaceChildren(el('p', { class: 'note', text: 'This workflow has no nodes.' }));
      return;
    }
    const byId = new Map(nodes.map((n) => [n.id, n]));
    const behind = nodes.filter((n) => n.kind === 'group').map((n) => this.#group(n));
    const lines = edges.map((e) => this.#edge(e, byId.get(e.source), byId.get(e.target)));
    const boxes = nodes.filter((n) => n.kind !== 'group').map((n) => this.#node(n));
    this.#svg = svg('svg', {
      viewBox: `${box.x} ${box.y} ${box.width} ${box.height}`, role: 'group',
      'aria-label': `${boxes.length} nodes, ${lines.length} edges; arrow keys go from node to node`,
    }, behind, lines, boxes);
    this.#host.replaceChildren(this.#svg);
    for (const { title, box } of this.#nodes.values()) shorten(title, box.width - 48);
    this.#nodes.values().next().value?.group.setAttribute('tabindex', '0');
    this.#size();
  }

  /** Shows the state of a run; null for none. */
  update(run) {
    for (const [id, item] of this.#nodes) this.#updateNode(item, run?.nodes.get(id));
    for (const [id, item] of this.#edges) this.#updateEdge(item, run?.edges.get(id), Boolean(run?.ended));
  }

  zoom(direction) {
    const now = this.#zoom || this.#usual();
    const wanted = direction === 0 ? this.#fit() : direction > 0 ? now * ZOOM.step : now / ZOOM.step;
    this.#zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, wanted));
    this.#size();
  }

  select(id) {
    if (this.selected) this.#nodes.get(this.selected)?.group.classList.remove('selected');
    this.selected = this.#nodes.has(id) ? id : null;
    const item = this.#nodes.get(this.selected);
    item?.group.classList.add('selected');
    this.onSelect(item ? item.box : null);
  }

  #fit() {
    const width = this.#host.clientWidth - 18; // its padding
    return Math.min(1, width / this.#box.width, 420 / this.#box.height);
  }

  #usual() {
    return Math.max(ZOOM.legible, this.#fit());
  }

  #size() {
    if (!this.#svg) return;
    const scale = this.#zoom || this.#usual();
    this.#svg.setAttribute('width', Math.round(this.#box.width * scale));
    this.#svg.setAttribute('height', Math.round(this.#box.height * scale));
  }

  #group(n) {
    return svg('g', { class: 'g-group', transform: `translate(${n.x} ${n.y})` },
      svg('rect', { width: n.width, height: n.height, rx: 10 }),
      svg('text', { x: 12, y: 20, text: short(n.title, 40) }));
  }

  #node(n) {
    const comment = n.kind === 'comment';
    const words = [comment && n.data.comment, /\.(input|output)\./.test(n.type) && n.data.name]
      .find((w) => w && typeof w === 'string');
    const mark = svg('text', { class: 'g-mark', x: n.width - 14, y: 24 });
    const title = svg('text', { class: 'g-title', x: 14, y: 24, text: short(n.title, LINE) });
    const below = words || n.type.split('.').slice(0, -1).join('.');
    const line = svg('text', { class: 'g-line', x: 14, y: 43, text: short(below, LINE) });
    const bar = svg('rect', { class: 'g-bar', x: 1, y: n.height - 5, width: 0, height: 4 });
    const group = svg('g', {
      class: comment ? 'g-node g-comment' : 'g-node', transform: `translate(${n.x} ${n.y})`,
      tabindex: '-1', role: 'button', 'data-node': n.id,
      onclick: () => { group.focus({ preventScroll: true }); this.select(n.id); },
      onfocus: () => this.#rove(n.id),
    },
    svg('rect', { class: 'g-box', width: n.width, height: n.height, rx: 9 }),
    svg('rect', { class: 'g-side', x: 0, y: 10, width: 4, height: n.height - 20, rx: 2 }),
    svg('svg', { width: n.width - 26, height: n.height }, title),
    svg('svg', { width: n.width - 8, height: n.height }, line), mark, bar);
    const item = { group, title, mark, line, bar, box: n, shown: '', label: line.textContent };
    this.#nodes.set(n.id, item);
    group.setAttribute('aria-label', n.title);
    return group;
  }

  #edge(e, from, to) {
    const a = { x: from.x + from.width, y: from.y + from.height / 2 };
    const b = { x: to.x, y: to.y + to.height / 2 };
    const bend = Math.max(30, Math.abs(b.x - a.x) / 2);
    const curve = `M${a.x} ${a.y}C${a.x + bend} ${a.y} ${b.x - bend} ${b.y} ${b.x} ${b.y}`;
    const path = svg('path', { class: 'g-edge', d: curve });
    const label = svg('text', { class: 'g-count', x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 - 6 });
    this.#edges.set(e.id, { path, label, shown: '' });
    return svg('g', { 'aria-hidden': 'true' },
      svg('title', { text: `${from.title}.${e.sourceHandle} → ${to.title}.${e.targetHandle}` }), path, label);
  }

  #updateNode(item, state) {
    const status = state?.status || '';
    const share = state?.total > 0 ? Math.min(1, Math.max(0, state.done / state.total)) : 0;
    const key = `${status} ${share} ${state?.error || ''}`;
    if (key === item.shown) return;
    item.shown = key;
    item.group.dataset.state = status;
    item.mark.textContent = MARKS[status] || '';
    item.line.textContent = state?.error ? short(state.error, LINE) : item.label;
    item.bar.setAttribute('width', share && status === 'running' ? (item.box.width - 2) * share : 0);
    item.group.setAttribute('aria-label', [item.box.title, status, state?.error].filter(Boolean).join(', '));
  }

  #updateEdge(item, state, ended) {
    const counter = state?.counter || 0;
    const status = state ? (state.status === 'drained' || ended ? 'drained' : 'active') : '';
    const key = `${status} ${counter}`;
    if (key === item.shown) return;
    item.shown = key;
    item.path.dataset.state = status;
    item.label.textContent = counter > 1 ? String(counter) : '';
  }

  #rove(id) {
    for (const [other, item] of this.#nodes) item.group.setAttribute('tabindex', other === id ? '0' : '-1');
  }

  #key(event) {
    const id = event.target.dataset?.node;
    const here = this.#nodes.get(id);
    if (!here) return;
    if (event.key === 'Enter' || event.key === ' ') this.select(id);
    else if (event.key === 'Escape') this.select(null);
    else if (event.key.startsWith('Arrow')) this.#neighbour(here.box, event.key)?.group.focus();
    else return;
    event.preventDefault();
  }

  /** The nearest node in the direction of an arrow key; straight ahead counts for more than sideways. */
  #neighbour(from, key) {
    const horizontal = key === 'ArrowLeft' || key === 'ArrowRight';
    const sign = key === 'ArrowLeft' || key === 'ArrowUp' ? -1 : 1;
    let best = null;
    let least = Infinity;
    for (const item of this.#nodes.values()) {
      const dx = item.box.x - from.x;
      const dy = item.box.y - from.y;
      const ahead = (horizontal ? dx : dy) * sign;
      const far = ahead + 2 * Math.abs(horizontal ? dy : dx);
      if (ahead > 4 && far < least) {
        least = far;
        best = item;
      }
    }
    return best;
  }
}
