// The runs of this page: starts, watches, cancels them over the socket and hands each message to its run. After a
// lost connection it asks the server for what is missing of every run that has not ended.

import { getJob } from './api.js';
import { Run, newJobId } from './run.js';

const KEPT = 20; // ended runs in memory; older ones are read from the server again

export class Runs {
  #socket;
  #runs = new Map(); // job id → Run
  #gone = new WeakSet(); // runs that the daemon no longer knows

  constructor(socket) {
    this.#socket = socket;
    socket.addEventListener('message', (event) => this.#message(event.detail));
    socket.addEventListener('state', (event) => event.detail === 'open' && this.#reconnect());
  }

  get(jobId) {
    return this.#runs.get(jobId);
  }

  /** The newest run of a workflow that this page knows of. */
  latest(workflowId) {
    return Array.from(this.#runs.values()).reverse().find((run) => run.workflowId === workflowId) || null;
  }

  start(workflow, params) {
    const run = this.#add(new Run(newJobId(), workflow));
    this.#socket.command('run_job', {
      type: 'run_job_request', job_type: 'workflow', job_id: run.jobId, workflow_id: workflow.id, params,
      use_cache: true,
    }).then((answer) => {
      if (answer.error) run.end('failed', answer.details || answer.message || answer.error);
    }, () => {}); // lost on the way: #reconnect finds out whether the server took it
    return run;
  }

  /** A run that was started elsewhere or before this page was loaded. */
  watch(jobId, workflow) {
    const known = this.#runs.get(jobId);
    if (known) return known;
    const run = this.#add(new Run(jobId, workflow));
    run.accepted = true;
    run.startedAt = null;
    this.#ask('reconnect_job', run);
    return run;
  }

  cancel(run) {
    const before = run.status;
    run.set('cancelling');
    this.#socket.command('cancel_job', { job_id: run.jobId, workflow_id: run.workflowId }).then((answer) => {
      if (answer.error && !run.ended) this.#settle(run);
    }, () => !run.ended && run.set(before));
  }

  resume(run) {
    run.set('starting');
    this.#ask('resume_job', run);
  }

  #add(run) {
    for (const [id, old] of this.#runs) {
      if (this.#runs.size < KEPT) break;
      if (old.ended) this.#runs.delete(id);
    }
    this.#runs.set(run.jobId, run);
    return run;
  }

  #reconnect() {
    for (const run of this.#runs.values()) {
      if (!run.ended) this.#ask('reconnect_job', run);
    }
  }

  #ask(command, run) {
    this.#socket.command(command, { job_id: run.jobId, workflow_id: run.workflowId, last_seq: run.lastSeq })
      .then((answer) => answer.error && run.end('failed', answer.details || answer.error), () => {});
  }

  /** The daemon no longer has this job: what does its record say? */
  async #settle(run) {
    try {
      const job = await getJob(run.jobId);
      if (!run.ended) run.end(job.status === 'running' ? 'failed' : job.status, job.error_message || job.error);
    } catch (error) {
      if (!run.ended) run.end('failed', error.message);
    }
  }

  #message(message) {
    const run = message.job_id && this.#runs.get(message.job_id);
    if (!run) return;
    if (this.#gone.has(run)) return;
    if (message.type === 'job_resumed' && message.status === 'unknown') this.#unknown(run);
    else run.apply(message);
  }

  /** The daemon does not know this job; what it says after that is only that. */
  #unknown(run) {
    this.#gone.add(run);
    if (run.accepted) this.#settle(run);
    else run.end('failed', 'The connection was lost before the server took this run. Please run it again.');
  }
}
