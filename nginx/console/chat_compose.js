// What the user writes: text, attached files, the model that answers, tools.

import { byId, el, showText } from './dom.js';
import { listModels, listProviders } from './api.js';

const CHOICE = 'nodetool-chat'; // in sessionStorage: {model, tools, agent}
const TOTAL_MAX = 24 * 1024 * 1024; // bytes of all files of a message: they travel inside one WebSocket message
const TEXT_MAX = 256 * 1024; // bytes of a file that goes in as text
const FILES_MAX = 12;
const TEXT_TYPES = /^text\/|[/+](?:json|xml|yaml|javascript|x-sh|sql|toml)$/;
const TEXT_NAMES = /\.(?:txt|md|csv|tsv|json|ya?ml|toml|ini|log|c|h|py|js|ts|sh|sql|html|css|xml)$/i;
const TOOLS = [
  ['calculator', 'Calculator'], ['current_date', 'Date and time'], ['http_fetch', 'Fetch addresses'],
  ['page_to_text', 'Read web pages'], ['google_search', 'Google search'], ['search_nodes', 'Search nodes'],
  ['search_examples', 'Search examples'], ['search_assets', 'Search assets'], ['list_directory', 'List the workspace'],
  ['read_file', 'Read files'], ['write_file', 'Write files'], ['run_python', 'Run Python'], ['mcp', 'All MCP servers'],
];

function dataUri(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(`${file.name} could not be read.`));
    reader.readAsDataURL(file);
  });
}

/** One file as a part of a message's content. */
async function partOf(file) {
  const kind = /^(image|audio|video)\//.exec(file.type)?.[1];
  if (!kind && file.size <= TEXT_MAX && (TEXT_TYPES.test(file.type) || TEXT_NAMES.test(file.name))) {
    const text = await file.text();
    const fence = '`'.repeat(Math.max(3, ...Array.from(text.matchAll(/`+/g), (m) => m[0].length + 1)));
    return { type: 'text', text: `${file.name}:\n${fence}\n${text}\n${fence}` };
  }
  const media = { type: kind || 'document', uri: await dataUri(file) };
  return kind === 'image' ? { type: 'image_url', image: media } : { type: media.type, [media.type]: media };
}

export class Composer {
  #files = [];
  #choice = {};
  #asked = false;
  #sending = false;

  /** onSend(content, options) is called with what is to be sent; its promise says whether it was taken. onStop: Escape, Stop. */
  constructor(onSend, onStop) {
    this.onSend = onSend;
    try {
      this.#choice = JSON.parse(sessionStorage.getItem(CHOICE)) || {};
    } catch {
      this.#choice = {};
    }
    const text = byId('chat-text');
    byId('chat-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    text.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#send();
      }
    });
    byId('chat').addEventListener('keydown', (event) => event.key === 'Escape' && onStop());
    byId('chat-stop').addEventListener('click', onStop);
    text.addEventListener('paste', (event) => {
      if (event.clipboardData?.files.length) {
        event.preventDefault();
        this.#attach(event.clipboardData.files);
      }
    });
    byId('chat').addEventListener('dragover', (event) => event.preventDefault());
    byId('chat').addEventListener('drop', (event) => {
      event.preventDefault();
      this.#attach(event.dataTransfer?.files || []);
    });
    byId('chat-attach').addEventListener('click', () => byId('chat-files').click());
    byId('chat-files').addEventListener('change', () => {
      this.#attach(byId('chat-files').files);
      byId('chat-files').value = '';
      text.focus();
    });
    byId('chat-model').addEventListener('change', () => this.#keep({ model: byId('chat-model').value }));
    this.#drawTools();
  }

  /** {provider, model} that is chosen; null when there is none. */
  get model() {
    const option = byId('chat-model').selectedOptions[0];
    return option?.value ? { provider: option.dataset.provider, model: option.dataset.model } : null;
  }

  focus() {
    byId('chat-text').focus();
  }

  // ---- models and tools

  /** Asks which models there are, once; the page does not wait for it. */
  async loadModels() {
    if (this.#asked) return;
    this.#asked = true;
    const select = byId('chat-model');
    try {
      const providers = (await listProviders()).filter((p) => p.capabilities.includes('generate_message'));
      await Promise.all(providers.map(async ({ provider }) => {
        const models = await listModels(provider).catch(() => []);
        if (models.length) select.append(this.#group(provider, models));
      }));
      select.options[0].textContent = select.options.length > 1 ? 'Choose a model' : 'No model can be used';
      // Whoever has not chosen gets the first one, the built-in test service last.
      const all = Array.from(select.options).filter((option) => option.value);
      if (!select.value) select.value = (all.find((option) => option.dataset.provider !== 'fake') || all[0])?.value || '';
    } catch (error) {
      this.#asked = false;
      select.options[0].textContent = error.message;
    }
  }

  #group(provider, models) {
    return el('optgroup', { label: provider }, models.map((m) => el('option', {
      value: `${provider} ${m.id}`, 'data-provider': provider, 'data-model': m.id, text: m.name || m.id,
      selected: this.#choice.model === `${provider} ${m.id}`,
    })));
  }

  #drawTools() {
    const box = (id, name, checked) => el('label', { class: 'check' },
      el('input', { type: 'checkbox', value: id, checked, onchange: () => this.#keepTools() }), name);
    const chosen = new Set(this.#choice.tools || []);
    byId('chat-tools').append(...TOOLS.map(([id, name]) => box(id, name, chosen.has(id))));
    byId('chat-agent').checked = this.#choice.agent === true;
    byId('chat-agent').addEventListener('change', () => this.#keepTools());
    this.#count();
  }

  get #tools() {
    return Array.from(byId('chat-tools').querySelectorAll('input:checked'), (input) => input.value);
  }

  #keepTools() {
    this.#keep({ tools: this.#tools, agent: byId('chat-agent').checked });
    this.#count();
  }

  #count() {
    const n = this.#tools.length;
    byId('chat-tools-title').textContent = n ? `Tools (${n})` : 'Tools';
  }

  #keep(change) {
    this.#choice = { ...this.#choice, ...change };
    sessionStorage.setItem(CHOICE, JSON.stringify(this.#choice));
  }

  // ---- files

  #attach(files) {
    const all = [...this.#files, ...files];
    const total = all.reduce((sum, file) => sum + file.size, 0);
    const wrong = all.length > FILES_MAX ? `A message takes up to ${FILES_MAX} files.`
      : total > TOTAL_MAX ? `The files of a message may have ${TOTAL_MAX >> 20} MB together.` : '';
    if (!wrong) this.#files = all;
    showText(byId('chat-error'), wrong);
    this.#drawFiles();
  }

  #drawFiles() {
    byId('chat-attached').replaceChildren(...this.#files.map((file) => el('li', {}, file.name,
      el('button', {
        type: 'button', class: 'quiet small', 'aria-label': `Remove ${file.name}`, text: '×',
        onclick: () => {
          this.#files = this.#files.filter((other) => other !== file);
          this.#drawFiles();
          this.focus();
        },
      }))));
  }

  // ---- sending

  async #send() {
    const text = byId('chat-text').value;
    const files = this.#files;
    const model = this.model;
    if (this.#sending || (!text.trim() && !files.length)) return;
    if (!model) {
      showText(byId('chat-error'), 'Choose a model first: one key, or the address of a local server, in the settings gives some.');
      return;
    }
    this.#sending = true;
    try {
      const parts = await Promise.all(files.map(partOf));
      const content = parts.length ? [...(text.trim() ? [{ type: 'text', text }] : []), ...parts] : text;
      const options = { ...model, tools: this.#tools, agent_mode: byId('chat-agent').checked };
      showText(byId('chat-error'), '');
      if (!await this.onSend(content, options)) return;
      byId('chat-text').value = '';
      this.#files = [];
      this.#drawFiles();
    } catch (error) {
      showText(byId('chat-error'), error.message);
    } finally {
      this.#sending = false;
    }
  }
}
