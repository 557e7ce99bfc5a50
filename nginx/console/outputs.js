// The outputs of a run. Values stream in by the hundred, so only what is new is drawn.

import { el } from './dom.js';
import { releaseMedia } from './media.js';
import { valueElement } from './values.js';

const SHOWN = 100; // values per output on the page

export class OutputsView {
  #host;
  #run = null;
  #sections = new Map(); // node id → {section, list, note, drawn, items}

  constructor(host) {
    this.#host = host;
  }

  update(run) {
    if (run !== this.#run) this.#clear(run);
    if (!run || (!run.outputs.size && !this.#sections.size)) {
      this.#empty(run);
      return;
    }
    if (!this.#sections.size) this.#host.replaceChildren();
    for (const [id, output] of run.outputs) this.#output(id, output, run.ended);
    for (const [id, shown] of this.#sections) {
      if (!run.outputs.has(id)) this.#drop(id, shown);
    }
  }

  #clear(run) {
    releaseMedia(this.#host);
    this.#sections.clear();
    this.#host.replaceChildren();
    this.#run = run;
  }

  #empty(run) {
    const text = !run ? 'Run the workflow to see its outputs.'
      : run.ended ? 'This run gave no outputs.' : 'Waiting for the first output…';
    if (this.#host.textContent !== text) this.#host.replaceChildren(el('p', { class: 'note', text }));
  }

  #drop(id, shown) {
    releaseMedia(shown.section);
    shown.section.remove();
    this.#sections.delete(id);
  }

  #output(id, output, ended) {
    let shown = this.#sections.get(id);
    if (shown && shown.output !== output) { // replaced by the run's result
      this.#drop(id, shown);
      shown = null;
    }
    shown ||= this.#section(id, output);
    const first = output.total - output.values.length; // number of the oldest value that is kept
    for (let n = Math.max(shown.drawn, first, output.total - SHOWN); n < output.total; n++) {
      const entry = output.values[n - first];
      const item = el('li', {}, valueElement(entry.value));
      shown.list.append(item);
      shown.items.push({ item, entry, version: entry.version });
    }
    shown.drawn = output.total;
    while (shown.items.length > SHOWN) {
      const { item } = shown.items.shift();
      releaseMedia(item);
      item.remove();
    }
    this.#grow(shown.items[shown.items.length - 1]);
    const hidden = output.total - shown.items.length;
    shown.note.textContent = !output.total ? (ended ? 'No value.' : 'Waiting…')
      : hidden ? `${output.total} values; the last ${shown.items.length}:` : output.total > 1 ? `${output.total} values` : '';
    shown.list.classList.toggle('single', output.total === 1);
  }

  /** A text that is still being streamed. */
  #grow(last) {
    if (!last || last.version === last.entry.version) return;
    last.version = last.entry.version;
    last.item.firstChild.textContent = last.entry.value;
  }

  #section(id, output) {
    const list = el('ol', { class: 'values' });
    const note = el('p', { class: 'note' });
    const copy = el('button', {
      type: 'button', class: 'quiet small', text: 'Copy', 'aria-label': `Copy ${output.name}`,
      onclick: () => copyValues(copy, output),
    });
    const section = el('section', { class: 'output', 'aria-label': output.name },
      el('header', { class: 'field-head' }, el('h4', { text: output.name }), copy), note, list);
    this.#host.append(section);
    const shown = { section, list, note, output, drawn: 0, items: [] };
    this.#sections.set(id, shown);
    return shown;
  }
}

async function copyValues(button, output) {
  const text = output.values.map((e) => (typeof e.value === 'string' ? e.value : JSON.stringify(e.value))).join('\n');
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
}
