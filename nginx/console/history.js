// The jobs of a workflow, newest first: state, start, duration, error. Choosing one shows that run.

import { duration, el, parseTime } from './dom.js';
import { listJobs } from './api.js';

const LABELS = { scheduled: 'waiting' };

function took(job) {
  const from = parseTime(job.started_at);
  const to = parseTime(job.finished_at);
  return from && to ? duration(Math.max(0.001, (to - from) / 1000)) : '';
}

function when(date) {
  if (!date) return '';
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString() : date.toLocaleString();
}

export class History {
  #host;
  #workflowId = '';
  #jobs = [];
  #next = '';
  #request = 0;
  #chosen = '';

  constructor(host) {
    this.#host = host;
  }

  /** Shows the jobs of a workflow; called again, it reads the first page anew. */
  async show(workflowId) {
    if (workflowId !== this.#workflowId) {
      this.#workflowId = workflowId;
      this.#jobs = [];
      this.#next = '';
      this.#draw('Loading…');
    }
    await this.#load('');
  }

  choose(jobId) {
    if (this.#chosen === jobId) return;
    this.#chosen = jobId;
    if (this.#jobs.length) this.#draw('');
  }

  async #load(startKey) {
    const request = ++this.#request;
    if (!this.#workflowId) return;
    try {
      const page = await listJobs(this.#workflowId, startKey);
      if (request !== this.#request) return; // a later question is under way
      const known = new Set(startKey ? this.#jobs.map((j) => j.id) : []);
      this.#jobs = [...(startKey ? this.#jobs : []), ...page.jobs.filter((j) => !known.has(j.id))];
      this.#next = page.next_start_key || '';
      this.#draw('');
    } catch (error) {
      if (request === this.#request && !this.#jobs.length) this.#draw(error.message);
    }
  }

  #draw(note) {
    if (note || !this.#jobs.length) {
      this.#host.replaceChildren(el('p', { class: 'note', text: note || 'This workflow has not been run yet.' }));
      return;
    }
    const focused = document.activeElement?.dataset?.job;
    const head = ['State', 'Started', 'Took', 'Error'].map((text) => el('th', { scope: 'col', text }));
    this.#host.replaceChildren(
      el('div', { class: 'table' }, el('table', { class: 'jobs' },
        el('thead', {}, el('tr', {}, head)),
        el('tbody', {}, this.#jobs.map((job) => this.#row(job))))),
      ...(this.#next ? [this.#more()] : []));
    if (focused) Array.from(this.#host.querySelectorAll('a')).find((a) => a.dataset.job === focused)?.focus();
  }

  #more() {
    const onclick = () => this.#load(this.#next);
    return el('button', { type: 'button', class: 'quiet', text: 'Show more', onclick });
  }

  #row(job) {
    const state = LABELS[job.status] || job.status;
    const error = job.error || job.error_message || '';
    const started = parseTime(job.started_at);
    const link = el('a', {
      href: `#/workflow/${encodeURIComponent(this.#workflowId)}/job/${encodeURIComponent(job.id)}`,
      'data-job': job.id, 'aria-current': job.id === this.#chosen ? 'true' : null, text: when(started) || job.id,
    });
    return el('tr', { class: job.id === this.#chosen ? 'chosen' : null },
      el('td', {}, el('span', { class: 'state', 'data-state': job.status, text: state })),
      el('td', {}, link), el('td', { class: 'number', text: took(job) }),
      el('td', { class: 'error-cell', title: error || null, text: error }));
  }
}
