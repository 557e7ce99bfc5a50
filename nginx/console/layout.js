// Where nodes go: the editor's positions when the graph has them, else layers from left to right.

import { titleOf } from './dom.js';

export const NODE = { width: 180, height: 56 };
const GAP = { x: 52, y: 28 };

const number = (v) => (typeof v === 'number' && Number.isFinite(v) ? v : null);

function placed(node) {
  const position = node.ui_properties?.position;
  const x = number(position?.x);
  const y = number(position?.y);
  return x === null || y === null ? null : { x, y };
}

/** Do the stored positions say anything? Not when they are missing or all the same. */
function usable(nodes) {
  const seen = new Set();
  for (const node of nodes) {
    const p = placed(node);
    if (!p) return false;
    seen.add(`${Math.round(p.x / 20)},${Math.round(p.y / 20)}`);
  }
  return seen.size > nodes.length / 2;
}

/** Longest path from a source decides the column; a cycle's edges stop counting after as many rounds as nodes. */
function layers(nodes, edges) {
  const depth = new Map(nodes.map((n) => [n.id, 0]));
  for (let round = 0, moved = true; moved && round < nodes.length; round++) {
    moved = false;
    for (const edge of edges) {
      const next = depth.get(edge.source) + 1;
      if (next > depth.get(edge.target) && next < nodes.length) {
        depth.set(edge.target, next);
        moved = true;
      }
    }
  }
  return depth;
}

function layered(nodes, edges) {
  const depth = layers(nodes, edges);
  const columns = new Map();
  for (const node of nodes) {
    const column = depth.get(node.id);
    if (!columns.has(column)) columns.set(column, []);
    columns.get(column).push(node.id);
  }
  const places = new Map();
  const row = new Map();
  for (const column of [...columns.keys()].sort((a, b) => a - b)) {
    const wish = (id) => { // the mean row of what feeds it keeps edges short
      const rows = edges.filter((e) => e.target === id && row.has(e.source)).map((e) => row.get(e.source));
      return rows.length ? rows.reduce((a, b) => a + b, 0) / rows.length : 0;
    };
    const ids = columns.get(column).map((id) => ({ id, wish: wish(id) })).sort((a, b) => a.wish - b.wish);
    const top = ids.reduce((sum, i) => sum + i.wish, 0) / ids.length - (ids.length - 1) / 2;
    ids.forEach(({ id }, i) => {
      row.set(id, top + i);
      places.set(id, { x: column * (NODE.width + GAP.x), y: (top + i) * (NODE.height + GAP.y) });
    });
  }
  return places;
}

/** Absolute places: the editor stores a child's position relative to its group. */
function stored(nodes) {
  const byId = new Map(nodes.map((n) => [n.id, n]));
  const places = new Map();
  for (const node of nodes) {
    const at = { x: 0, y: 0 };
    const seen = new Set();
    for (let n = node; n && !seen.has(n.id); n = byId.get(n.parent_id)) {
      seen.add(n.id);
      at.x += placed(n).x;
      at.y += placed(n).y;
    }
    places.set(node.id, at);
  }
  return places;
}

/**
 * The editor's nodes are larger than these, so its graphs are drawn closer together: each direction by the largest
 * factor that keeps a gap between neighbours, at most `most`.
 */
function compact(places) {
  const all = [...places.values()];
  if (all.length > 400) return;
  const factor = (along, size, across, near, most) => {
    let least = most;
    for (let i = 0; i < all.length; i++) {
      for (let j = 0; j < i; j++) {
        if (Math.abs(all[i][across] - all[j][across]) >= near) continue;
        const apart = Math.abs(all[i][along] - all[j][along]);
        if (apart > size / 2) least = Math.min(least, apart / size); // closer ones are not beside each other
      }
    }
    return Math.max(1, least);
  };
  const x = factor('x', NODE.width + 30, 'y', 2 * NODE.height, 2);
  for (const place of all) place.x /= x;
  const y = factor('y', NODE.height + 26, 'x', NODE.width + 10, 4);
  for (const place of all) place.y /= y;
}

const kindOf = (node) => {
  if (/\.Group$|\.Loop$/.test(node.type)) return 'group';
  return /\.Comment$/.test(node.type) ? 'comment' : 'node';
};

/** {nodes: [{id, kind, title, type, x, y, width, height, data}], edges: [{id, from, to, …}], box} */
export function layout(graph) {
  const list = (value) => (Array.isArray(value) ? value : []);
  const nodes = list(graph?.nodes).filter((n) => n && typeof n.id === 'string');
  const ids = new Set(nodes.map((n) => n.id));
  const links = list(graph?.edges).filter((e) => e && ids.has(e.source) && ids.has(e.target));
  const useStored = usable(nodes);
  const drawn = useStored ? nodes : nodes.filter((n) => kindOf(n) !== 'group');
  const drawnIds = new Set(drawn.map((n) => n.id));
  const edges = links.filter((e) => drawnIds.has(e.source) && drawnIds.has(e.target));
  const places = useStored ? stored(drawn) : layered(drawn, edges);
  if (useStored && drawn.every((n) => kindOf(n) === 'node')) compact(places);

  const boxes = drawn.map((node) => {
    const kind = kindOf(node);
    const ui = node.ui_properties || {};
    const sized = kind !== 'node' && useStored;
    return {
      id: node.id, kind, type: String(node.type || ''),
      title: String(ui.title || '') || titleOf(node.type), data: node.data || {},
      ...places.get(node.id),
      width: (sized && number(ui.width)) || NODE.width,
      height: (sized && number(ui.height)) || NODE.height,
    };
  });
  return { nodes: boxes, edges: edges.map((e, i) => ({ ...e, id: e.id || `edge ${i}` })), box: bounds(boxes) };
}

function bounds(boxes) {
  if (!boxes.length) return { x: 0, y: 0, width: 1, height: 1 };
  const left = Math.min(...boxes.map((b) => b.x)) - 16;
  const top = Math.min(...boxes.map((b) => b.y)) - 16;
  return {
    x: left, y: top,
    width: Math.max(...boxes.map((b) => b.x + b.width)) + 16 - left,
    height: Math.max(...boxes.map((b) => b.y + b.height)) + 16 - top,
  };
}
