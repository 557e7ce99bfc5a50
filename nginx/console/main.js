// Starts the page and joins its parts: the address says what is shown, the sockets bring what changes.
//
//   #/workflow/ID            a workflow
//   #/workflow/ID/job/JOB    one run of it
//   #/chat                   a new chat
//   #/chat/THREAD            one that there is

import { byId, settled, showText } from './dom.js';
import { getWorkflow } from './api.js';
import { Socket } from './socket.js';
import { Runs } from './runs.js';
import { WorkflowList } from './workflows.js';
import { WorkflowView } from './view.js';
import { ChatView } from './chat_view.js';
import { showConnection, showLoad, tokenDialog } from './status.js';

const socket = new Socket('ws'); // commands, and the messages of runs
const updates = new Socket('ws/updates'); // load, and what others change
const runs = new Runs(socket);
const view = new WorkflowView(runs, socket);
const chatSocket = new Socket('ws'); // of the chat, opened when it is first shown
const chat = new ChatView(chatSocket, (error) => fail('chat', error));
const askToken = tokenDialog(start);
const list = new WorkflowList((error) => fail('list', error));
const failures = { list: null, view: null, chat: null };
let navigation = 0;
let connectedBefore = false;

/** Shows what went wrong with the list or the view (an Error), or takes that notice away (null). */
function fail(part, error) {
  failures[part] = error;
  if (error?.status === 401 || error?.status === 403) askToken(error.message);
  const shown = chat.shown ? failures.chat : failures.view || failures.list;
  showText(byId('alert'), shown ? shown.message : '');
  byId('empty').hidden = Boolean(shown || chat.shown || view.workflow || list.first);
}

function address() {
  const match = /^#\/workflow\/([^/]+)(?:\/job\/([^/]+))?$/.exec(location.hash);
  try {
    return { id: decodeURIComponent(match?.[1] || ''), job: decodeURIComponent(match?.[2] || '') };
  } catch {
    return { id: '', job: '' };
  }
}

/** The thread that the address names, "" for a new one, null when it names no chat. */
function chatAddress() {
  const match = /^#\/chat(?:\/([^/]+))?$/.exec(location.hash);
  try {
    return match ? decodeURIComponent(match[1] || '') : null;
  } catch {
    return '';
  }
}

function markPart(chatting) {
  const [here, there] = chatting ? ['to-chat', 'to-workflows'] : ['to-workflows', 'to-chat'];
  byId(here).setAttribute('aria-current', 'page');
  byId(there).removeAttribute('aria-current');
  byId('workflow-side').hidden = chatting;
}

function showChat(thread) {
  list.choose('');
  view.hide();
  chat.show(thread);
  fail('view', null);
}

async function navigate() {
  const mine = ++navigation;
  const thread = chatAddress();
  markPart(thread !== null);
  if (thread !== null) {
    showChat(thread);
    return;
  }
  chat.hide();
  const wanted = address();
  const id = wanted.id || list.first;
  list.choose(id);
  if (!id) {
    view.hide();
    fail('view', null);
    return;
  }
  try {
    if (view.workflow?.id !== id) {
      const workflow = await getWorkflow(id);
      if (mine !== navigation) return;
      view.show(workflow);
    }
    fail('view', null);
    view.showRun(wanted.job);
    view.refreshJobs();
  } catch (error) {
    if (mine !== navigation) return;
    view.hide();
    fail('view', error.status === 404 ? new Error('There is no workflow of this id.') : error);
  }
}

async function refreshWorkflow() {
  const id = view.workflow?.id;
  const fresh = id && await getWorkflow(id).catch(() => null);
  if (fresh && view.workflow?.id === id) view.show(fresh);
}

const refreshList = settled(300, async () => {
  await list.refresh();
  if (!view.workflow && !chat.shown) navigate();
});
const refreshShown = settled(300, refreshWorkflow);
const refreshThreads = settled(300, () => chat.refresh());
const refreshJobs = settled(500, () => view.refreshJobs());

function changed(message) {
  if (message.type === 'system_stats') showLoad(message.stats);
  if (message.type !== 'resource_change') return;
  if (message.resource_type === 'workflow') {
    refreshList();
    if (message.resource?.id === view.workflow?.id) refreshShown();
  }
  if (message.resource_type === 'job') refreshJobs();
  if (message.resource_type === 'thread' && chat.shown) refreshThreads();
}

async function start() {
  socket.connect();
  updates.connect();
  if (chatSocket.state !== 'closed') chatSocket.connect();
  await list.refresh();
  await navigate();
}

socket.addEventListener('state', (event) => {
  if (event.detail === 'refused') askToken(`The server says: ${socket.reason || 'not signed in'}.`);
  if (event.detail !== 'open') return;
  socket.command('set_mode', { mode: 'text' }).catch(() => {}); // its pings shall be text as well
  if (connectedBefore || !view.workflow) refreshList();
  if (connectedBefore) refreshJobs();
  connectedBefore = true;
});
socket.addEventListener('message', (event) => {
  changed(event.detail); // newer servers send these here too
  if (event.detail.type === 'job_update') refreshJobs();
});
updates.addEventListener('message', (event) => changed(event.detail));
updates.addEventListener('state', (event) => event.detail !== 'open' && showLoad(null));
window.addEventListener('hashchange', () => {
  if (!location.hash || location.hash.startsWith('#/')) navigate();
});
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault(); // the address stays that of the workflow
  byId('workflow').focus();
});

showConnection(socket);
start();
