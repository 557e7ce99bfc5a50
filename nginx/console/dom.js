// Building the page. Text only ever goes in as text: nothing here or elsewhere parses HTML from a string, so names
// of workflows and outputs of nodes cannot become markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'text') node.textContent = value;
    else node.setAttribute(key, value === true ? '' : String(value));
  }
  node.append(...real(children)); // strings become text nodes
  return node;
}

const real = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined);

/** An HTML element; attributes named on… are listeners, "text" is the text content. */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** Replaces what is in an element; children may be nested lists and null. */
export function replace(node, ...children) {
  node.replaceChildren(...real(children));
}

export const byId = (id) => document.getElementById(id);

/** Shows text in an element, or hides the element when there is none. */
export function showText(node, text) {
  node.textContent = text || '';
  node.hidden = !text;
}

/** A function that calls `work` at most once per frame, however often it is called. */
export function oncePerFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; work(); });
  };
}

/** A function that calls `work` once things have been quiet for `ms`, at the latest after four times that. */
export function settled(ms, work) {
  let timer = 0;
  let first = 0;
  return () => {
    const now = Date.now();
    first = timer ? first : now;
    clearTimeout(timer);
    timer = setTimeout(() => { timer = 0; work(); }, Math.max(0, Math.min(ms, first + 4 * ms - now)));
  };
}

/** 0.42 → "0.42 s", 75 → "1 min 15 s". */
export function duration(seconds) {
  if (typeof seconds !== 'number' || !(seconds >= 0)) return '';
  if (seconds > 0 && seconds < 0.0995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 60) return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time as the server stores it (ISO text, local when it names no zone) → Date or null. */
export function parseTime(text) {
  if (typeof text !== 'string' || !text) return null;
  const date = new Date(text.replace(' ', 'T'));
  return Number.isNaN(date.getTime()) ? null : date;
}

/** A type name such as nodetool.text.FormatText → "Format Text". */
export function titleOf(type) {
  const last = String(type || '').split('.').pop();
  return last.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
}
