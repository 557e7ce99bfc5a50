// REST: every request of the page goes through here. The token lives in sessionStorage, so it ends with the tab.

const TOKEN = 'nodetool-token'; // the page at /docs uses it as well

/** Where the server is: the folder above this one, so that the page also works under a path of a proxy. */
export const base = new URL('..', import.meta.url);

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const token = {
  get: () => sessionStorage.getItem(TOKEN) || '',
  set: (text) => (text ? sessionStorage.setItem(TOKEN, text) : sessionStorage.removeItem(TOKEN)),
};

/** Address of a WebSocket path; a browser cannot send headers there, so the token goes into the query. */
export function socketUrl(path) {
  const url = new URL(path, base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  if (token.get()) url.searchParams.set('api_key', token.get());
  return url;
}

/** Is this address one of our own server's? Only those get the token. */
export function isOwn(url) {
  return url.origin === base.origin;
}

/** Error answers are {"detail": text} or {"detail": [{loc, msg}, …]}. */
function describe(status, body) {
  const detail = body && typeof body === 'object' ? body.detail : null;
  if (typeof detail === 'string') return detail;
  if (Array.isArray(detail)) {
    return detail.map((d) => `${(d.loc || []).join('.')}: ${d.msg}`).join('; ');
  }
  if (status === 401 || status === 403) return 'The server asks for an access token.';
  if (status === 429) return 'Too many requests; wait a moment.';
  if (status >= 502 && status <= 504) return 'The server is not ready.';
  return `The server answered ${status}.`;
}

async function request(path, options = {}) {
  const url = new URL(path, base);
  const headers = { ...options.headers };
  if (token.get() && isOwn(url)) headers.Authorization = `Bearer ${token.get()}`;
  let answer;
  try {
    answer = await fetch(url, { ...options, headers, credentials: 'same-origin' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The server cannot be reached.');
  }
  if (!answer.ok) {
    throw new ApiError(answer.status, describe(answer.status, await answer.json().catch(() => null)));
  }
  return answer;
}

const json = async (path, options) => (await request(path, options)).json();
const query = (values) => new URLSearchParams(Object.entries(values).filter(([, v]) => v)).toString();
const segment = (id) => encodeURIComponent(id);

/** {workflows: [{id, name, description, tags, updated_at}], next}; without graphs, which can be big. */
export const listWorkflows = (cursor) =>
  json(`api/workflows/?${query({ cursor, limit: 100, columns: 'id,name,description,tags,updated_at' })}`);

export const getWorkflow = (id) => json(`api/workflows/${segment(id)}`);

/** {jobs: [{id, status, started_at, finished_at, error, …}], next_start_key}, newest first. */
export const listJobs = (workflowId, startKey) =>
  json(`api/jobs/?${query({ workflow_id: workflowId, start_key: startKey, limit: 30 })}`);

export const getJob = (id) => json(`api/jobs/${segment(id)}`);

/** {nodes: [{node_id, start_ms, end_ms, busy_ms, waits, bytes_in, …}], …}: what the nodes of a job did with their time. */
export const getTrace = (id) => json(`api/jobs/${segment(id)}/trace`);

export const getAsset = (id) => json(`api/assets/${segment(id)}`);

/** The bytes of a stored file, fetched with the token, which <img> and <audio> could not send. */
export const getBlob = async (url) => (await request(url)).blob();

// ---- chat

const body = (method, value) => ({ method, body: JSON.stringify(value), headers: { 'Content-Type': 'application/json' } });

/** {threads: [{id, title, updated_at}], next}, newest first. */
export const listThreads = (cursor) => json(`api/threads/?${query({ cursor, limit: 40, reverse: true })}`);

export const createThread = () => json('api/threads/', body('POST', {}));

export const renameThread = (id, title) => json(`api/threads/${segment(id)}`, body('PUT', { title }));

export const deleteThread = (id) => json(`api/threads/${segment(id)}`, { method: 'DELETE' });

/** Lets a model give the thread a title; {provider, model, content}. */
export const titleThread = (id, value) => json(`api/threads/${segment(id)}/summarize`, body('POST', value));

/** The last messages of a thread, newest first: {messages, next}. */
export const listMessages = (id) => json(`api/messages/?${query({ thread_id: id, limit: 300, reverse: true })}`);

/** [{provider, capabilities}] that this user can use. */
export const listProviders = () => json('api/models/providers');

/** [{id, name}] of the language models of one provider. */
export const listModels = (provider) => json(`api/models/llm/${segment(provider)}`);
