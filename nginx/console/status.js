// The bar at the top: connection, load of the server, and the token.

import { byId } from './dom.js';
import { token } from './api.js';

/** Says in words how the connection is; counts down to the next attempt. */
export function showConnection(socket) {
  const node = byId('connection');
  let clock = 0;
  const draw = () => {
    clearTimeout(clock);
    node.dataset.state = socket.state;
    const seconds = Math.ceil((socket.retryAt - Date.now()) / 1000);
    if (socket.state === 'waiting' && seconds > 1) {
      node.textContent = `Connection lost; trying again in ${seconds} s`;
      node.setAttribute('aria-live', 'off'); // said once, not with every second
      clock = setTimeout(draw, 1000);
    } else {
      node.setAttribute('aria-live', 'polite');
      node.textContent = { open: 'Connected', connecting: 'Connecting…', waiting: 'Connection lost; trying again',
        refused: 'Not signed in' }[socket.state] || '';
    }
  };
  socket.addEventListener('state', draw);
  draw();
}

export function showLoad(stats) {
  const number = (v) => typeof v === 'number';
  const parts = [];
  if (number(stats?.cpu_percent)) parts.push(`CPU ${Math.round(stats.cpu_percent)} %`);
  if (number(stats?.memory_used_gb) && number(stats?.memory_total_gb)) {
    parts.push(`memory ${stats.memory_used_gb.toFixed(1)} of ${stats.memory_total_gb.toFixed(1)} GB`);
  }
  byId('load').textContent = parts.join(' · ');
}

/** The dialog for the token; onChange is called when another one is in use. Gives a function that opens it. */
export function tokenDialog(onChange) {
  const dialog = byId('token-dialog');
  const field = byId('token');
  const note = byId('token-note');
  const usual = note.textContent;
  dialog.addEventListener('close', () => {
    const before = token.get();
    if (dialog.returnValue === 'save') token.set(field.value.trim());
    else if (dialog.returnValue === 'forget') token.set('');
    field.value = '';
    if (dialog.returnValue !== 'close' && (token.get() !== before || dialog.dataset.asked)) onChange();
    delete dialog.dataset.asked;
  });
  const open = (why) => {
    if (dialog.open) return;
    note.textContent = why ? `${why} ${usual}` : usual;
    if (why) dialog.dataset.asked = 'yes';
    dialog.returnValue = 'close';
    dialog.showModal();
    field.focus();
  };
  byId('token-open').addEventListener('click', () => open(''));
  return open;
}
