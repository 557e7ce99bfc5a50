// The list of workflows at the side: pages as the server gives them, a filter by name, the chosen one marked.

import { byId, el, showText } from './dom.js';
import { listWorkflows } from './api.js';

export class WorkflowList {
  #items = []; // of the server, newest change first
  #next = '';
  #chosen = '';
  #loading = false;
  #again = false;

  /** onError is called with what went wrong, or null when it went well. */
  constructor(onError) {
    this.onError = onError;
    byId('filter').addEventListener('input', () => this.#draw());
    byId('workflows-more').addEventListener('click', () => this.#load(this.#next));
  }

  get first() {
    return this.#items[0]?.id || '';
  }

  /** Reads the first page again (after a change at the server). */
  async refresh() {
    if (this.#loading) {
      this.#again = true;
      return;
    }
    await this.#load('');
    if (this.#again) {
      this.#again = false;
      await this.refresh();
    }
  }

  choose(id) {
    this.#chosen = id;
    for (const link of byId('workflows').querySelectorAll('a')) this.#mark(link);
  }

  async #load(cursor) {
    this.#loading = true;
    try {
      const page = await listWorkflows(cursor);
      const known = new Set(cursor ? this.#items.map((w) => w.id) : []);
      this.#items = [...(cursor ? this.#items : []), ...page.workflows.filter((w) => !known.has(w.id))];
      this.#next = page.next || '';
      this.onError(null);
      this.#draw();
    } catch (error) {
      this.onError(error);
    } finally {
      this.#loading = false;
    }
  }

  #mark(link) {
    if (link.dataset.id === this.#chosen) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }

  #draw() {
    const words = byId('filter').value.trim().toLowerCase();
    const shown = this.#items.filter((w) => !words || String(w.name).toLowerCase().includes(words));
    const focused = document.activeElement?.dataset?.id;
    byId('workflows').replaceChildren(...shown.map((w) => {
      const href = `#/workflow/${encodeURIComponent(w.id)}`;
      const link = el('a', { href, 'data-id': w.id, text: w.name || 'Without a name' });
      this.#mark(link);
      return el('li', {}, link);
    }));
    if (focused) Array.from(byId('workflows').querySelectorAll('a')).find((a) => a.dataset.id === focused)?.focus();
    byId('workflows-more').hidden = !this.#next;
    const nothing = this.#items.length ? 'None has this in its name.' : 'No workflows are stored yet.';
    showText(byId('workflows-note'), shown.length ? '' : nothing);
  }
}
