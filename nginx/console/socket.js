// A WebSocket that comes back: JSON text frames, answers matched to commands, growing waits between attempts, and a
// watchdog for connections that died without a word.
//
// Events: "state" (detail: connecting | open | waiting | refused), "message" (detail: one event of the server).

import { socketUrl } from './api.js';

const FIRST_WAIT = 500; // ms; doubled up to
const LONGEST_WAIT = 15000;
const STABLE = 5000; // a connection this old (ms) starts the waits anew
const SILENCE = 45000; // the server speaks every 25 s
const PATIENCE = 10000; // for the answer to our own ping
const LOGIN = new Set([1008, 4001, 4003]); // closed because of the token: trying again would not help

export class Socket extends EventTarget {
  #path;
  #socket = null;
  #answers = []; // one {resolve, reject} per command under way: answers come in order and carry no id
  #wait = FIRST_WAIT;
  #retry = 0;
  #watch = 0;
  #opened = 0;

  constructor(path) {
    super();
    this.#path = path;
    this.state = 'closed';
    this.retryAt = 0;
    this.reason = '';
    window.addEventListener('online', () => this.state === 'waiting' && this.connect());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.state === 'waiting') this.connect();
    });
  }

  /** Opens at once; an earlier connection of this object is dropped. */
  connect() {
    clearTimeout(this.#retry);
    this.#drop(null);
    this.#setState('connecting');
    const socket = new WebSocket(socketUrl(this.#path));
    this.#socket = socket;
    socket.onopen = () => {
      this.#opened = Date.now();
      this.#heard();
      this.#setState('open');
    };
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#closed(event.code, event.reason);
  }

  /** Sends a command; the promise gives its answer, or fails when the connection ends first. */
  command(command, data = {}) {
    if (this.state !== 'open') return Promise.reject(new Error('There is no connection to the server.'));
    this.#socket.send(JSON.stringify({ command, data }));
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
  }

  /** Sends a command that is answered by an event, not by an answer. */
  post(command, data = {}) {
    if (this.state === 'open') this.#socket.send(JSON.stringify({ command, data }));
  }

  #receive(data) {
    this.#heard();
    if (typeof data !== 'string') return; // a ping before our first frame may be binary
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (message === null || typeof message !== 'object') return;
    if ('type' in message) this.dispatchEvent(new CustomEvent('message', { detail: message }));
    else this.#answers.shift()?.resolve(message);
  }

  #heard() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      if (this.state !== 'open') return;
      this.#socket.send('{"type":"ping"}');
      this.#watch = setTimeout(() => this.#closed(0, 'no answer'), PATIENCE);
    }, SILENCE);
  }

  #closed(code, reason) {
    const stable = this.#opened && Date.now() - this.#opened > STABLE;
    this.#drop(new Error('The connection was lost.'));
    this.reason = reason;
    if (LOGIN.has(code)) {
      this.#setState('refused');
      return;
    }
    if (stable) this.#wait = FIRST_WAIT;
    const wait = this.#wait * (0.75 + Math.random() / 2); // spread, so that many pages do not come at once
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
    this.retryAt = Date.now() + wait;
    this.#retry = setTimeout(() => this.connect(), wait);
    this.#setState('waiting');
  }

  #drop(error) {
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    this.#opened = 0;
    for (const answer of this.#answers.splice(0)) answer.reject(error || new Error('The connection was replaced.'));
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  #setState(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent('state', { detail: state }));
  }
}
