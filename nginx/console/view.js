// One workflow on the page: its graph, form, buttons and the views of its run.

import { byId, duration, el, showText, titleOf } from './dom.js';
import { GraphView } from './graph.js';
import { InputForm } from './form.js';
import { Tabs } from './tabs.js';
import { OutputsView } from './outputs.js';
import { History } from './history.js';
import { TimelineView } from './timeline.js';
import { LogView, NodeDetail, NodeList } from './steps.js';

const STATUS = {
  starting: 'Starting…', scheduled: 'Waiting to start…', queued: 'Waiting to start…', running: 'Running…',
  cancelling: 'Cancelling…', completed: 'Completed', cancelled: 'Cancelled', failed: 'Failed', error: 'Failed',
  timed_out: 'Timed out', suspended: 'Suspended', paused: 'Paused', recovering: 'Recovering…',
};

export class WorkflowView {
  #runs;
  #socket;
  #workflow = null;
  #run = null;
  #listener = () => this.#update();
  #clock = 0;
  #names = new Map(); // node id → title

  constructor(runs, socket) {
    this.#runs = runs;
    this.#socket = socket;
    this.detail = new NodeDetail();
    this.graph = new GraphView(byId('graph'), (box) => this.detail.select(box));
    this.form = new InputForm(byId('fields'));
    this.tabs = new Tabs(byId('tabs'), byId('panels'));
    this.outputs = new OutputsView(this.tabs.add('outputs', 'Outputs'));
    this.list = new NodeList(this.tabs.add('nodes', 'Nodes'), (id) => this.graph.select(id));
    this.log = new LogView(this.tabs.add('log', 'Log'));
    this.timeline = new TimelineView(this.tabs.add('timeline', 'Timeline', () => this.timeline.show()),
      (id) => this.graph.select(id));
    this.history = new History(this.tabs.add('jobs', 'Jobs', () => this.refreshJobs()));
    byId('form').addEventListener('submit', (event) => this.#submit(event));
    byId('form').addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#submit(event);
    });
    byId('cancel').addEventListener('click', () => this.#runs.cancel(this.#run));
    byId('resume').addEventListener('click', () => this.#runs.resume(this.#run));
    for (const [id, way] of [['zoom-out', -1], ['zoom-fit', 0], ['zoom-in', 1]]) {
      byId(id).addEventListener('click', () => this.graph.zoom(way));
    }
    socket.addEventListener('state', () => this.#buttons());
  }

  get workflow() {
    return this.#workflow;
  }

  /** Shows a workflow; called with the same one after a change, it keeps what was typed when the inputs are the same. */
  show(workflow) {
    const before = this.#workflow;
    this.#workflow = workflow;
    document.title = `${workflow.name || 'Workflow'} · NodeTool server`;
    byId('name').textContent = workflow.name || 'Without a name';
    showText(byId('description'), workflow.description);
    byId('tags').replaceChildren(...(workflow.tags || []).map((tag) => el('li', { text: tag })));
    const shape = (w) => JSON.stringify([w?.id, w?.graph, w?.input_schema]);
    if (shape(before) !== shape(workflow)) {
      const title = (n) => String(n.ui_properties?.title || '') || titleOf(n.type);
      this.#names = new Map((workflow.graph?.nodes || []).map((n) => [n.id, title(n)]));
      this.graph.draw(workflow.graph);
      this.list.draw(workflow.graph);
      this.form.draw(workflow);
    }
    byId('view').dataset.workflow = workflow.id;
    byId('view').hidden = false;
  }

  hide() {
    this.#workflow = null;
    this.#watch(null);
    byId('view').hidden = true;
    document.title = 'NodeTool server';
  }

  /** Shows a run: the one named, else the newest of this workflow, else none. */
  showRun(jobId) {
    if (!jobId) {
      this.#watch(this.#runs.latest(this.#workflow.id));
      return;
    }
    this.#watch(this.#runs.watch(jobId, this.#workflow));
  }

  refreshJobs() {
    if (this.#workflow && !byId('panel-jobs')?.hidden) this.history.show(this.#workflow.id);
  }

  async #submit(event) {
    event.preventDefault();
    const busy = this.#run && !this.#run.ended;
    if (this.#socket.state !== 'open' || busy) return;
    const workflow = this.#workflow;
    const params = await this.form.read();
    if (!params || workflow !== this.#workflow) return;
    const run = this.#runs.start(workflow, params);
    const address = `#/workflow/${encodeURIComponent(workflow.id)}/job/${encodeURIComponent(run.jobId)}`;
    history.replaceState(null, '', address);
    this.#watch(run);
    this.tabs.show('outputs');
  }

  #watch(run) {
    this.#run?.removeEventListener('change', this.#listener);
    this.#run = run;
    run?.addEventListener('change', this.#listener);
    this.history.choose(run?.jobId || '');
    this.#update();
  }

  #update() {
    const run = this.#run;
    this.graph.update(run);
    this.list.update(run);
    this.detail.update(run);
    this.outputs.update(run);
    const nameOf = (id) => this.#names.get(id) || id;
    this.log.update(run, nameOf);
    this.timeline.update(run, nameOf);
    const errors = run ? Array.from(run.nodes.values()).filter((n) => n.error).length : 0;
    this.tabs.badge('outputs', run?.outputs.size || '');
    this.tabs.badge('nodes', errors || '', 'error');
    this.tabs.badge('log', run?.log.length || '');
    showText(byId('form-error'), run?.ended && run.error ? run.error : '');
    this.#buttons();
    this.#status();
  }

  #buttons() {
    const run = this.#run;
    const active = Boolean(run) && !run.ended;
    const connected = this.#socket.state === 'open';
    const focused = document.activeElement;
    byId('run').hidden = active;
    byId('run').disabled = !connected;
    byId('cancel').hidden = !active;
    byId('cancel').disabled = !connected || run?.status === 'cancelling';
    byId('resume').hidden = run?.status !== 'suspended';
    byId('resume').disabled = !connected;
    // A button that goes away must not take the focus of the keyboard with it.
    if (focused === byId('run') && active) byId('cancel').focus();
    else if (focused === byId('cancel') && !active) byId('run').focus();
  }

  #status() {
    clearTimeout(this.#clock);
    const run = this.#run;
    const node = byId('status');
    node.dataset.state = run?.status || '';
    const parts = run ? [STATUS[run.status] || run.status] : [];
    if (run?.ended && run.duration !== null) parts.push(`in ${duration(run.duration)}`);
    if (run?.note) parts.push(`(${run.note})`);
    const text = parts.join(' ');
    if (node.textContent !== text) node.textContent = text;
    // The seconds stand beside it, not in it: a screen reader shall not read them out one by one.
    const running = run && !run.ended && run.startedAt;
    byId('elapsed').textContent = running ? duration(Math.floor((Date.now() - run.startedAt) / 1000)) : '';
    if (running) this.#clock = setTimeout(() => this.#status(), 1000);
  }
}
