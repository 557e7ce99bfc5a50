// Images, audio, video and documents in values. What the server stores is fetched with the token and shown from
// memory; a foreign address is only offered as a link, so that an output cannot make the browser call somebody.

import { el } from './dom.js';
import { base, getAsset, getBlob, isOwn } from './api.js';

const ELEMENTS = { image: 'img', audio: 'audio', video: 'video' };
const TYPES = { image: 'image/png', audio: 'audio/mpeg', video: 'video/mp4', document: 'application/octet-stream' };
const urls = new WeakMap(); // element → its object URL

export const isMedia = (value) => typeof value.type === 'string' && Object.hasOwn(TYPES, value.type)
  && ('uri' in value || 'data' in value || 'asset_id' in value);

/** Bytes that travel as a list of numbers or as base64 text. */
function bytesOf(data) {
  if (Array.isArray(data)) return Uint8Array.from(data);
  if (typeof data !== 'string' || !data) return null;
  try {
    return Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
}

function parse(text) {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}

/** {blob}, {src} (data URI) or {link} (foreign address); null when there is nothing to show. */
async function locate(value) {
  const uri = typeof value.uri === 'string' ? value.uri : '';
  if (/^data:/i.test(uri)) return { src: uri };
  const bytes = bytesOf(value.data);
  if (bytes?.length) return { blob: new Blob([bytes], { type: TYPES[value.type] }) };
  if (/^asset:\/\//.test(uri)) {
    const key = uri.slice('asset://'.length);
    return key.includes('.') ? { blob: await getBlob(`api/storage/${encodeURIComponent(key)}`) } : ofAsset(key);
  }
  if (value.asset_id) return ofAsset(value.asset_id);
  const url = uri && parse(uri);
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  return isOwn(url) ? { blob: await getBlob(url) } : { link: url };
}

async function ofAsset(id) {
  const asset = await getAsset(id);
  const url = parse(asset.get_url);
  if (!url) return null;
  return isOwn(url) ? { blob: await getBlob(url) } : { link: url };
}

function show(value, found) {
  if (found.link) {
    return el('a', { href: found.link, target: '_blank', rel: 'noopener noreferrer', text: found.link.href });
  }
  const name = ELEMENTS[value.type];
  const src = found.src || URL.createObjectURL(found.blob);
  if (!name) {
    const type = found.blob?.type || /^data:([^;,]*)/i.exec(src)?.[1] || 'file';
    const ending = type.split('/').pop().replace(/[^a-z0-9]/gi, '');
    const link = el('a', { href: src, download: `document.${ending}`, text: `Save the document (${type})` });
    if (found.blob) urls.set(link, src);
    return link;
  }
  const shown = el(name, name === 'img' ? { src, alt: 'Image from this output' }
    : { src, controls: true, preload: 'metadata' });
  if (found.blob) urls.set(shown, src);
  const refuse = () => shown.replaceWith(problem(`This ${value.type} cannot be shown.`));
  shown.addEventListener('error', refuse, { once: true });
  return shown;
}

const problem = (text) => el('span', { class: 'note', text });

/** An element for a media value; its content arrives later when it must be fetched. */
export function mediaElement(value) {
  const host = el('div', { class: `media media-${value.type}` }, problem('Loading…'));
  locate(value).then(
    (found) => host.replaceChildren(found ? show(value, found) : problem(`An empty ${value.type}.`)),
    (error) => host.replaceChildren(problem(`This ${value.type} cannot be loaded: ${error.message}`)));
  return host;
}

/** Gives back the memory of what is shown below an element that is about to go. */
export function releaseMedia(root) {
  for (const node of root.querySelectorAll('img, audio, video, a')) {
    if (urls.has(node)) URL.revokeObjectURL(urls.get(node));
  }
}
