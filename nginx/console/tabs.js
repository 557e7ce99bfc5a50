// Tabs as the ARIA practices have them: one stop of the Tab key, arrow keys, Home and End. Each further view
// is one more add().

import { el } from './dom.js';

export class Tabs {
  #list;
  #panels;
  #items = []; // {id, tab, panel, badge, onShow}

  constructor(list, panels) {
    this.#list = list;
    this.#panels = panels;
    list.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Adds a view and gives the element for its content; onShow is called when it comes to the front. */
  add(id, title, onShow = null) {
    const badge = el('span', { class: 'badge' });
    const tab = el('button', {
      type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}`, onclick: () => this.show(id),
    }, title, badge);
    const panel = el('div', {
      role: 'tabpanel', id: `panel-${id}`, class: 'panel-body', 'aria-labelledby': `tab-${id}`, tabindex: '0',
    });
    this.#items.push({ id, tab, panel, badge, onShow });
    this.#list.append(tab);
    this.#panels.append(panel);
    if (this.#items.length === 1) this.show(id);
    else this.#mark(this.#items[this.#items.length - 1], false);
    return panel;
  }

  show(id) {
    for (const item of this.#items) {
      this.#mark(item, item.id === id);
      if (item.id === id) item.onShow?.();
    }
  }

  badge(id, text, kind = '') {
    const { badge } = this.#items.find((item) => item.id === id);
    if (badge.textContent !== String(text)) badge.textContent = text;
    badge.dataset.kind = kind;
  }

  #mark(item, active) {
    item.tab.setAttribute('aria-selected', String(active));
    item.tab.setAttribute('tabindex', active ? '0' : '-1');
    item.panel.hidden = !active;
  }

  #key(event) {
    const here = this.#items.findIndex((item) => item.tab === event.target);
    const last = this.#items.length - 1;
    const left = here ? here - 1 : last;
    const right = here < last ? here + 1 : 0;
    const next = { ArrowLeft: left, ArrowRight: right, Home: 0, End: last }[event.key];
    if (here < 0 || next === undefined) return;
    event.preventDefault();
    this.show(this.#items[next].id);
    this.#items[next].tab.focus();
  }
}
