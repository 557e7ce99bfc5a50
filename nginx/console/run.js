// What the page knows of one run: a plain state that grows by the server's messages. No network, no page elements.
//
// The server numbers a job's messages (job_seq); a number that was seen before is a repetition and is dropped, so a
// replay after a lost connection neither doubles nor loses anything.

import { oncePerFrame } from './dom.js';

const ENDS = new Set(['completed', 'cancelled', 'failed', 'error', 'timed_out', 'suspended']);
const VALUES_KEPT = 500; // per output; older ones are counted, not kept
const LINES_KEPT = 500; // of the log
const TEXT_KEPT = 1 << 20; // characters of one streamed text

/** Makes a job id; crypto.randomUUID only exists in secure contexts, and a server in the local network is none. */
export function newJobId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export class Run extends EventTarget {
  #changed = oncePerFrame(() => this.dispatchEvent(new Event('change')));

  constructor(jobId, workflow) {
    super();
    this.jobId = jobId;
    this.workflowId = workflow.id;
    this.sources = new Map((workflow.graph?.edges || []).map((e) => [e.id, e.source]));
    this.status = 'starting';
    this.error = '';
    this.note = '';
    this.duration = null;
    this.startedAt = Date.now();
    this.lastSeq = 0;
    this.accepted = false; // has the server shown that it knows this job?
    this.incomplete = false; // messages are missing that the server no longer had
    this.nodes = new Map(); // id → {status, name, type, properties, result, error, done, total, text}
    this.edges = new Map(); // id → {status, counter}
    this.outputs = new Map(); // node id → {name, total, values: [{value, type, version}]}
    this.log = []; // {at, severity, node, text}
    this.logged = 0; // lines ever written
  }

  get ended() {
    return ENDS.has(this.status);
  }

  /** Takes one event in; false when it was a repetition. */
  apply(message) {
    if (Number.isInteger(message.job_seq)) {
      if (message.job_seq <= this.lastSeq) return false;
      this.lastSeq = message.job_seq;
    }
    this.accepted = true;
    if (Object.hasOwn(HANDLERS, message.type)) HANDLERS[message.type](this, message);
    this.#changed();
    return true;
  }

  /** Ends a run that the server will say nothing more about. */
  end(status, error) {
    this.status = status;
    this.error = error || '';
    this.stopNodes();
    this.#changed();
  }

  set(status) {
    this.status = status;
    this.#changed();
  }

  node(id) {
    let node = this.nodes.get(id);
    if (!node) {
      node = {
        status: '', name: '', type: '', properties: {}, result: null, error: '', done: 0, total: 0, text: '',
        reported: false,
      };
      this.nodes.set(id, node);
    }
    return node;
  }

  write(severity, nodeId, text) {
    this.log.push({ at: new Date(), severity, node: nodeId || '', text: String(text ?? '') });
    this.logged++;
    if (this.log.length > LINES_KEPT) this.log.shift();
    this.#changed();
  }

  /** After the end no node is at work any more. */
  stopNodes() {
    for (const node of this.nodes.values()) {
      if (node.status === 'running') node.status = this.status === 'suspended' ? 'suspended' : 'stopped';
    }
  }

  output(nodeId, name) {
    let output = this.outputs.get(nodeId);
    if (!output) {
      output = { name: name || nodeId, total: 0, values: [] };
      this.outputs.set(nodeId, output);
    }
    return output;
  }

  addValue(nodeId, name, value, type) {
    const output = this.output(nodeId, name);
    const last = output.values[output.values.length - 1];
    if (isTextChunk(value)) {
      if (last?.open) {
        last.value = clip(last.value + value.content);
        last.version++;
      } else {
        push(output, { value: String(value.content ?? ''), type: 'str', version: 1, open: true });
      }
      if (value.done) output.values[output.values.length - 1].open = false;
      return;
    }
    push(output, { value, type, version: 1, open: false });
  }

  /** The result of a completed run fills in for outputs whose values did not reach this page. */
  takeResult(result) {
    const values = result && typeof result === 'object' ? result.outputs || result : {};
    const known = new Map(Array.from(this.outputs, ([id, output]) => [output.name, id]));
    for (const [name, list] of Object.entries(values)) {
      const id = known.get(name);
      const complete = id !== undefined && !this.incomplete && this.outputs.get(id).total > 0;
      if (complete) continue;
      if (id !== undefined) this.outputs.delete(id);
      for (const value of Array.isArray(list) ? list : [list]) this.addValue(id ?? `result:${name}`, name, value, '');
    }
  }
}

const isTextChunk = (v) => v !== null && typeof v === 'object' && v.type === 'chunk'
  && (v.content_type === undefined || v.content_type === null || v.content_type === 'text');
const clip = (text) => (text.length > TEXT_KEPT ? text.slice(-TEXT_KEPT) : text);

function push(output, entry) {
  output.total++;
  output.values.push(entry);
  if (output.values.length > VALUES_KEPT) output.values.shift();
}

function jobUpdate(run, m) {
  if (run.status === 'failed' && m.status === 'error') return;
  if (run.status === 'cancelling' && !ENDS.has(m.status)) return;
  run.status = m.status;
  run.error = m.error || '';
  run.note = m.status === 'suspended' ? m.run_state?.suspension_reason || m.message || '' : '';
  if (typeof m.duration === 'number') run.duration = m.duration;
  if (m.status === 'completed') run.takeResult(m.result);
  if (ENDS.has(m.status)) run.stopNodes();
  if (m.error && m.status !== 'error') run.write('error', '', m.error);
}

function nodeUpdate(run, m) {
  const node = run.node(m.node_id);
  node.name = m.node_name || node.name;
  node.type = m.node_type || node.type;
  node.status = m.error ? 'error' : m.status;
  node.error = m.error || '';
  node.reported = true;
  node.properties = { ...node.properties, ...m.properties };
  if (m.result) node.result = m.result;
  if (m.error) run.write('error', m.node_id, m.error);
}

const HANDLERS = {
  job_update: jobUpdate,
  node_update: nodeUpdate,
  job_resumed(run, m) {
    if (m.replay_incomplete) {
      run.incomplete = true;
      run.write('warning', '', 'Some earlier messages of this run are no longer kept by the server.');
    }
  },
  edge_update(run, m) {
    const edge = run.edges.get(m.edge_id) || { status: '', counter: 0 };
    edge.status = m.status;
    if (typeof m.counter === 'number') edge.counter = m.counter;
    run.edges.set(m.edge_id, edge);
    // Input nodes say nothing of themselves: their edges tell.
    const source = run.sources.get(m.edge_id);
    if (source && !run.node(source).reported) {
      run.node(source).status = m.status === 'drained' ? 'completed' : 'running';
    }
  },
  output_update(run, m) {
    // An untaken branch says null of type none; that is no value, but the output shall be seen.
    if (m.output_type === 'none' && (m.value === null || m.value === undefined)) {
      run.output(m.node_id, m.output_name || m.node_name);
    } else {
      run.addValue(m.node_id, m.output_name || m.node_name, m.value, m.output_type);
    }
  },
  preview_update(run, m) {
    run.node(m.node_id).result = { output: m.value };
  },
  node_progress(run, m) {
    const node = run.node(m.node_id);
    node.done = m.progress;
    node.total = m.total;
    if (m.chunk) node.text = clip(node.text + m.chunk);
  },
  chunk(run, m) {
    if (!m.node_id || (m.content_type && m.content_type !== 'text')) return;
    const node = run.node(m.node_id);
    node.text = clip(node.text + (m.content || ''));
  },
  log_update: (run, m) => run.write(m.severity || 'info', m.node_id, m.content),
  notification: (run, m) => run.write(m.severity || 'info', m.node_id, m.content),
  error: (run, m) => run.write('error', '', m.message),
};
