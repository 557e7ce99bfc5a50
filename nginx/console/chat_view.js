// The chat on the page: the list of threads at the side, the thread that is shown, the form below it.

import { byId, el, oncePerFrame, replace, showText } from './dom.js';
import { createThread, deleteThread, listThreads, renameThread, titleThread } from './api.js';
import { Thread } from './chat.js';
import { Composer } from './chat_compose.js';
import { blocksOf, drawBlock } from './markdown.js';
import { mediaElement, releaseMedia } from './media.js';
import { valueElement } from './values.js';

const UNTITLED = 'New Thread'; // as the server names it
const NEAR = 80; // px from the end: the page follows what is written

/** One text of an answer. While it grows only its last blocks are drawn again. */
class MarkdownView {
  constructor() {
    this.element = el('div', { class: 'markdown' });
    this.drawn = []; // sources of the blocks that stand in the element
  }

  update(text) {
    if (text === this.text) return;
    this.text = text;
    const blocks = blocksOf(text);
    const sources = blocks.map((block) => block.kind + block.lines.join('\n'));
    let same = 0;
    while (same < sources.length && sources[same] === this.drawn[same]) same += 1;
    while (this.element.childNodes.length > same) this.element.lastChild.remove();
    this.element.append(...blocks.slice(same).map((block) => drawBlock(block)));
    this.drawn = sources;
  }
}

class TextView {
  constructor() {
    this.element = el('p', { class: 'said' });
  }

  update(text) {
    if (this.element.textContent !== text) this.element.textContent = text;
  }
}

/** What a model thought before it answered, folded. */
class ThinkingView {
  constructor() {
    this.text = new TextView();
    this.element = el('details', { class: 'folded' }, el('summary', { text: 'Thinking' }), this.text.element);
  }

  update(text) {
    this.text.update(text);
  }
}

/** A tool call with its arguments and result, folded. */
class ToolView {
  constructor() {
    this.summary = el('summary', {});
    this.body = el('div', {});
    this.element = el('details', { class: 'folded tool' }, this.summary, this.body);
  }

  update(tool) {
    const known = JSON.stringify([tool.name, tool.args, tool.result]);
    if (known === this.known) return;
    this.known = known;
    const done = tool.result !== undefined;
    const failed = done && typeof tool.result?.error === 'string';
    this.element.dataset.state = failed ? 'error' : done ? 'done' : 'running';
    replace(this.summary, el('code', { text: tool.name }),
      tool.event ? null : el('span', { class: 'note', text: failed ? ' failed' : done ? ' done' : ' running…' }));
    releaseMedia(this.body);
    replace(this.body,
      tool.args === undefined ? null : [el('h5', { text: 'Arguments' }), valueElement(tool.args)],
      done ? [tool.event ? null : el('h5', { text: 'Result' }), valueElement(tool.result)] : null);
  }
}

class MediaView {
  constructor() {
    this.element = el('div', {});
  }

  update(media) {
    if (media.uri === this.uri && this.element.firstChild) return;
    this.uri = media.uri;
    releaseMedia(this.element);
    this.element.replaceChildren(mediaElement(media));
  }
}

const KINDS = { said: TextView, text: MarkdownView, thinking: ThinkingView, tool: ToolView, media: MediaView };

function kindOf(part, role) {
  if (part.tool) return 'tool';
  if (part.media) return 'media';
  return part.thinking ? 'thinking' : role === 'user' ? 'said' : 'text';
}

/** One thing that was said. */
class ItemView {
  #parts = [];

  constructor(role) {
    this.role = role;
    this.body = el('div', { class: 'said-parts' });
    this.note = el('p', { class: 'note', hidden: true });
    this.error = el('p', { class: 'error-text', hidden: true });
    this.element = el('article', { class: `said-by-${role}`, 'aria-label': role === 'user' ? 'You' : 'Answer' },
      this.body, this.error, this.note);
  }

  update(item) {
    item.parts.forEach((part, i) => {
      const kind = kindOf(part, item.role);
      if (this.#parts[i]?.kind !== kind) {
        const view = new KINDS[kind]();
        if (this.#parts[i]) this.#parts[i].view.element.replaceWith(view.element);
        else this.body.append(view.element);
        this.#parts[i] = { kind, view };
      }
      this.#parts[i].view.update(part.tool || part.media || part.text);
    });
    for (const gone of this.#parts.splice(item.parts.length)) gone.view.element.remove();
    if (this.note.textContent !== (item.note || '')) showText(this.note, item.note);
    if (this.error.textContent !== (item.error || '')) showText(this.error, item.error);
  }
}

export class ChatView {
  #socket;
  #thread = null;
  #items = []; // the ItemView of each thing that was said
  #threads = []; // of the side, newest first
  #next = '';
  #title = null;
  #wasBusy = false;
  #draw = oncePerFrame(() => this.#update());

  constructor(socket, onError) {
    this.#socket = socket;
    this.onError = onError;
    this.composer = new Composer((content, options) => this.#send(content, options), () => this.#thread?.stop());
    byId('chat-more').addEventListener('click', () => this.#load(this.#next));
    byId('chat-rename').addEventListener('click', () => this.#rename());
    byId('chat-delete').addEventListener('click', () => this.#delete());
    socket.addEventListener('state', () => this.#draw());
  }

  get shown() {
    return !byId('chat').hidden;
  }

  /** Shows a thread; "" is a new one, made at the server when something is said in it. */
  show(id) {
    if (this.#socket.state === 'closed') this.#socket.connect();
    byId('chat').hidden = byId('chat-side').hidden = false;
    this.composer.loadModels();
    this.refresh();
    if (this.#thread ? this.#thread.id !== id : this.#items.length || id) this.#open(id);
    this.#draw();
    this.composer.focus();
  }

  hide() {
    byId('chat').hidden = byId('chat-side').hidden = true;
  }

  refresh() {
    return this.#load('');
  }

  #open(id) {
    this.#thread?.close();
    this.#thread = id ? new Thread(this.#socket, id) : null;
    this.#thread?.addEventListener('change', this.#draw);
    this.#wasBusy = false;
    releaseMedia(byId('chat-log'));
    byId('chat-log').replaceChildren();
    this.#items = [];
  }

  // ---- threads

  async #load(cursor) {
    try {
      const page = await listThreads(cursor);
      this.#threads = cursor ? [...this.#threads, ...page.threads] : page.threads;
      this.#next = page.next || '';
      this.onError(null);
      this.#drawThreads();
    } catch (error) {
      this.onError(error);
    }
  }

  #drawThreads() {
    const focused = document.activeElement?.dataset?.thread;
    const here = this.#thread?.id || '';
    byId('threads').replaceChildren(...this.#threads.map((t) => el('li', {}, el('a', {
      href: `#/chat/${encodeURIComponent(t.id)}`, 'data-thread': t.id, text: t.title || UNTITLED,
      'aria-current': t.id === here ? 'page' : null,
    }))));
    if (focused) Array.from(byId('threads').querySelectorAll('a')).find((a) => a.dataset.thread === focused)?.focus();
    byId('chat-more').hidden = !this.#next;
    this.#title = this.#threads.find((t) => t.id === here)?.title || UNTITLED;
    this.#head();
  }

  #head() {
    const title = (this.#thread && this.#title) || 'New chat';
    byId('chat-title').textContent = title;
    byId('chat-rename').hidden = byId('chat-delete').hidden = !this.#thread;
    if (this.shown) document.title = `${title} · NodeTool server`;
  }

  async #rename() {
    const id = this.#thread?.id;
    const title = id && window.prompt('Title of this chat', this.#title || '')?.trim();
    if (!title) return;
    await renameThread(id, title).catch(this.onError);
    this.refresh();
  }

  async #delete() {
    const id = this.#thread?.id;
    if (!id || !window.confirm('Delete this chat and all that was said in it?')) return;
    this.#thread.stop();
    await deleteThread(id).catch(this.onError);
    location.hash = '#/chat';
  }

  /** The model that answered names the thread, unless somebody did. */
  async #name() {
    const { id, question } = this.#thread;
    const model = this.composer.model;
    if (this.#title && this.#title !== UNTITLED) return;
    if (question && model) await titleThread(id, { ...model, content: question.slice(0, 240) }).catch(() => {});
    this.refresh();
  }

  // ---- the thread that is shown

  /** True when it is on its way; what was typed is kept when it is not. */
  async #send(content, options) {
    if (this.#socket.state !== 'open' || this.#thread?.busy || (this.#thread && !this.#thread.loaded)) return false;
    if (!this.#thread) await this.#begin();
    this.#thread.send(content, options);
    byId('chat-log').scrollTop = byId('chat-log').scrollHeight;
    return true;
  }

  /** A thread is made when something is said in it. */
  async #begin() {
    const made = await createThread();
    this.#open(made.id);
    history.replaceState(null, '', `#/chat/${encodeURIComponent(made.id)}`);
    this.refresh();
    await new Promise((resolve) => this.#thread.addEventListener('change', resolve, { once: true })); // it has been read
  }

  #update() {
    const thread = this.#thread;
    const log = byId('chat-log');
    const follow = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    const items = thread?.items || [];
    const fits = (i) => this.#items[i]?.role === items[i].role;
    let same = 0;
    while (same < items.length && fits(same)) same += 1;
    for (const gone of this.#items.splice(same)) {
      releaseMedia(gone.element);
      gone.element.remove();
    }
    for (const item of items.slice(same)) {
      const view = new ItemView(item.role);
      this.#items.push(view);
      log.append(view.element);
    }
    items.forEach((item, i) => this.#items[i].update(item));
    byId('chat-older').hidden = !thread?.more;
    byId('chat-hint').hidden = items.length > 0 || Boolean(thread && !thread.loaded);
    if (follow) log.scrollTop = log.scrollHeight;
    this.#buttons();
  }

  #buttons() {
    const thread = this.#thread;
    const busy = Boolean(thread?.busy);
    const focused = document.activeElement;
    byId('chat-send').hidden = busy;
    byId('chat-send').disabled = this.#socket.state !== 'open' || Boolean(thread && !thread.loaded);
    byId('chat-stop').hidden = !busy;
    if (focused === byId('chat-stop') && !busy) this.composer.focus();
    byId('chat-log').setAttribute('aria-busy', String(busy));
    const status = busy ? thread.note || 'Answering…' : '';
    if (byId('chat-status').textContent !== status) byId('chat-status').textContent = status;
    if (this.#wasBusy && !busy) this.#name();
    this.#wasBusy = busy;
    this.#head();
  }
}
