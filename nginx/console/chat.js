// One thread of the chat: what was said, made from its stored messages and from the frames of its turn.
//
// The socket brings chunks, messages and errors of the thread, whoever asked. What is not known from the start (a turn
// that another page began, one that went on while the connection was lost) is asked for again: the stored messages, and
// with resume_chat the frames of the turn that goes on. Frames carry chat_seq, so that none counts twice.
//
// Event: "change".

import { listMessages } from './api.js';

const TEXT_MAX = 1 << 20; // characters of one answer that the page keeps
const ITEMS_MAX = 400; // of a thread on the page

const isMap = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** The parts of a content: {text} or {media}. */
export function partsOf(content) {
  if (typeof content === 'string') return content ? [{ text: content }] : [];
  const parts = (Array.isArray(content) ? content : [content]).filter(isMap);
  return parts.flatMap((part) => {
    if (typeof part.text === 'string') return [{ text: part.text }];
    const media = [part.image, part.audio, part.video, part.document, part].find((v) => isMap(v) && 'uri' in v);
    if (media) return [{ media: { type: String(part.type).replace('image_url', 'image'), ...media } }];
    const url = part.image_url?.url;
    return typeof url === 'string' ? [{ media: { type: 'image', uri: url } }] : [];
  });
}

const textOf = (content) => partsOf(content).map((part) => part.text || '').filter(Boolean).join('\n');

export class Thread extends EventTarget {
  #socket;
  #waiting = null; // frames that came while the messages are read; null: none are read
  #seq = 0;
  #ours = false; // the turn that goes on was asked from here, or joined
  #taken = true; // the server has taken what was sent last
  #stateListener = (event) => event.detail === 'open' && this.sync();
  #listener = (event) => this.#frame(event.detail);

  constructor(socket, id) {
    super();
    this.#socket = socket;
    this.id = id;
    this.items = []; // {role: user|assistant, parts: [{text, thinking?}|{media}|{tool}], error?, note?}
    this.busy = false;
    this.note = ''; // what goes on, in words
    this.loaded = false;
    this.more = false; // older messages are left out
    socket.addEventListener('message', this.#listener);
    socket.addEventListener('state', this.#stateListener);
    if (socket.state === 'open') this.sync();
  }

  close() {
    this.#socket.removeEventListener('message', this.#listener);
    this.#socket.removeEventListener('state', this.#stateListener);
  }

  /** The first thing that the user said, as text. */
  get question() {
    return textOf(this.items.find((item) => item.role === 'user')?.parts.filter((p) => p.text) || []);
  }

  // ---- what the user does

  async send(content, options) {
    this.items.push({ role: 'user', parts: partsOf(content) });
    this.#begin();
    this.#ours = true;
    this.#taken = false;
    this.#changed();
    try {
      const answer = await this.#socket.command('chat_message', { thread_id: this.id, role: 'user', content, ...options });
      this.#taken = true;
      if (answer.error) this.#fail(String(answer.error));
    } catch (error) {
      this.#taken = true;
      if (this.busy) this.#fail(error.message);
    }
  }

  stop() {
    if (this.busy) this.#socket.command('stop', { thread_id: this.id }).catch(() => {});
  }

  // ---- catching up

  /** Reads the thread again, and joins the turn that goes on. */
  sync() {
    if (this.#waiting || this.#socket.state !== 'open') return;
    this.#waiting = [];
    this.#seq = 0;
    this.#socket.post('resume_chat', { thread_id: this.id, last_seq: 0 });
  }

  async #resumed(message) {
    let page;
    try {
      page = await listMessages(this.id);
    } catch (error) {
      page = { messages: [] };
      if (error.status !== 404) this.error = error; // a thread that nothing was said in may not be there yet
    }
    const frames = this.#waiting || [];
    const running = message.status === 'running';
    this.#waiting = null;
    this.loaded = true;
    this.more = Boolean(page.next);
    this.items = [];
    this.busy = false;
    for (const stored of [...page.messages].reverse()) this.#message(stored);
    if (running) {
      // The frames tell the whole turn, or go on where what is stored ends.
      const asked = this.items.findLastIndex((item) => item.role === 'user');
      if (!message.replay_incomplete) this.items.length = asked + 1;
      this.#begin();
    }
    this.#ours = running;
    for (const frame of frames) this.#apply(frame);
    this.#changed();
  }

  // ---- frames

  #frame(message) {
    if (message.type === 'generation_stopped') {
      // Without a thread it may be the end of another thread's answer, which our message has broken off.
      const here = message.thread_id ? message.thread_id === this.id : this.#taken;
      if (this.busy && here) this.#end('Stopped.');
      return;
    }
    if (message.thread_id !== this.id) return;
    if (message.type === 'chat_resumed') this.#resumed(message);
    else if (this.#waiting) this.#waiting.push(message);
    else if (!this.#ours && !this.busy && (message.type === 'chunk' || message.type === 'message')) this.sync();
    else this.#apply(message);
  }

  #apply(message) {
    if (typeof message.chat_seq === 'number') {
      if (message.chat_seq <= this.#seq) return;
      this.#seq = message.chat_seq;
    }
    if (message.type === 'chunk') this.#chunk(message);
    else if (message.type === 'message') this.#message(message);
    else if (message.type === 'error') this.#fail(String(message.message || 'The answer failed.'));
    else if (message.type === 'tool_call_update') this.note = String(message.message || '');
    else return;
    this.#changed();
  }

  #begin() {
    this.busy = true;
    this.note = '';
    this.#seq = 0;
  }

  #end(note) {
    const last = this.items[this.items.length - 1];
    if (note && last?.role === 'assistant') last.note = note;
    else if (note) this.items.push({ role: 'assistant', parts: [], note });
    this.busy = false;
    this.#ours = false;
    this.note = '';
    this.#changed();
  }

  #fail(text) {
    const item = this.#answer();
    item.error = text;
    this.#end('');
  }

  /** The answer that is being written; a new one behind what the user said. */
  #answer() {
    let last = this.items[this.items.length - 1];
    if (last?.role !== 'assistant' || last.note) {
      last = { role: 'assistant', parts: [] };
      this.items.push(last);
      if (this.items.length > ITEMS_MAX) {
        this.items.shift();
        this.more = true;
      }
    }
    return last;
  }

  #write(text, thinking) {
    const { parts } = this.#answer();
    const last = parts[parts.length - 1];
    if (typeof last?.text === 'string' && Boolean(last.thinking) === thinking) {
      if (last.text.length < TEXT_MAX) last.text += text;
    } else {
      parts.push({ text, thinking });
    }
  }

  #chunk(message) {
    if (typeof message.content === 'string' && message.content) this.#write(message.content, message.thinking === true);
    if (message.done === true && !('content_type' in message)) this.#end('');
  }

  // A stored message, or one of the stream.
  #message(message) {
    if (message.role === 'user') this.items.push({ role: 'user', parts: partsOf(message.content) });
    else if (message.role === 'tool') this.#toolResult(message);
    else if (message.role === 'agent_execution') this.#agentEvent(message);
    else if (message.role === 'assistant' && message.tool_calls?.length) this.#toolCalls(message);
    else if (message.role === 'assistant') this.#whole(message);
  }

  #toolCalls(message) {
    const { parts } = this.#answer();
    const said = textOf(message.content);
    const before = parts.map((part) => (part.thinking ? '' : part.text || '')).join('');
    if (said && !before.endsWith(said)) parts.push({ text: said });
    for (const call of message.tool_calls.filter(isMap)) {
      const known = parts.find((part) => part.tool && part.tool.id === call.id);
      if (!known) parts.push({ tool: { id: call.id, name: String(call.name), args: call.args, result: call.result ?? undefined } });
    }
  }

  #toolResult(message) {
    const { parts } = this.#answer();
    const found = parts.findLast((part) => part.tool && part.tool.id === message.tool_call_id);
    const result = typeof message.content === 'string' ? parse(message.content) : message.content;
    if (found) found.tool.result = result;
    else parts.push({ tool: { id: message.tool_call_id, name: String(message.name || 'tool'), result } });
    this.note = '';
  }

  #agentEvent(message) {
    const { parts } = this.#answer();
    const kind = String(message.execution_event_type || 'step').replace(/_/g, ' ');
    parts.push({ tool: { id: null, name: kind, result: message.content, event: true } });
  }

  /** The whole text of an answer: what was streamed already is not shown twice. */
  #whole(message) {
    const parts = partsOf(message.content);
    const item = this.#answer();
    const streamed = item.parts.filter((part) => !part.thinking).map((part) => part.text || '').join('');
    const text = textOf(message.content);
    if (parts.some((part) => part.media) || (text && streamed !== text)) {
      if (streamed && text.startsWith(streamed)) item.parts.push({ text: text.slice(streamed.length) });
      else if (!streamed.endsWith(text)) item.parts.push(...parts.filter((p) => p.text));
      item.parts.push(...parts.filter((part) => part.media));
    }
    if (message.execution_event_type === 'partial') item.note = 'Stopped.';
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
