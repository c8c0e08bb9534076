// What is drawn over a picture, in the pixels of the upright frame. A further kind of mark is a row here and a
// key in `x` of src/report/row.rs.

const SVG = 'http://www.w3.org/2000/svg';
function shape(parent, name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

const boxOf = (row, n) => row.b.slice(4 * n, 4 * n + 4);
const extraOf = (row, n) => row.x?.[n] ?? {};

// `has` says whether a thing has such a mark; `draw` puts it into `layer`. `unit` is a point of the screen in
// pixels of the frame.
const OVERLAYS = [
  {
    key: 'box', title: 'Boxes',
    has: (row, n) => row.b.length > 0 && !extraOf(row, n).quad,
    draw(layer, row, n, colour) {
      const [x1, y1, x2, y2] = boxOf(row, n);
      const place = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
      shape(layer, 'rect', { ...place, class: 'under' });
      shape(layer, 'rect', { ...place, class: 'mark', stroke: colour });
    },
  },
  {
    key: 'quad', title: 'Turned boxes',
    has: (row, n) => Boolean(extraOf(row, n).quad),
    draw(layer, row, n, colour) {
      const points = extraOf(row, n).quad.join(' ');
      shape(layer, 'polygon', { points, class: 'under' });
      shape(layer, 'polygon', { points, class: 'mark', stroke: colour });
    },
  },
  {
    key: 'points', title: 'Points',
    has: (row, n) => Boolean(extraOf(row, n).points),
    draw(layer, row, n, colour, unit) {
      const { points } = extraOf(row, n);
      for (let at = 0; at < points.length; at += 2) {
        const place = { cx: points[at], cy: points[at + 1], r: 3 * unit };
        shape(layer, 'circle', { ...place, class: 'point', fill: colour });
      }
    },
  },
  {
    key: 'name', title: 'Names and scores', zoomOnly: true,
    has: (row) => row.b.length > 0,
    draw(layer, row, n, colour, unit) {
      const [x1, y1] = boxOf(row, n);
      const text = `${nameOf(row, n)} ${scoreOf(row, n).toFixed(2)}`;
      // Above the box, or within it at the top edge of the picture.
      const top = y1 > 18 * unit ? y1 - 18 * unit : y1;
      const back = shape(layer, 'rect', { x: x1, y: top, height: 18 * unit, fill: colour });
      const word = shape(layer, 'text', { x: x1 + 4 * unit, y: top + 13.5 * unit, 'font-size': 13 * unit });
      word.setAttribute('fill', inkOn(colour));
      word.textContent = text;
      back.setAttribute('width', (word.getComputedTextLength() || text.length * 7.2 * unit) + 8 * unit);
    },
  },
];

// Black or white, whichever has the higher contrast (WCAG 2.2, relative luminance).
function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000' : '#fff';
}

function overlayLayer(row) {
  const layer = document.createElementNS(SVG, 'svg');
  const [width, height] = row.size;
  layer.setAttribute('viewBox', `0 0 ${width} ${height}`);
  layer.setAttribute('aria-hidden', 'true');
  return layer;
}

// Weakest first, so that the best lie on top.
function drawOverlays(layer, row, unit, zoomed) {
  layer.replaceChildren();
  const list = kept(row).filter((n) => !state.labels.size || state.labels.has(labelOf(row, n)));
  for (const overlay of OVERLAYS) {
    if (state.hidden.has(overlay.key) || (overlay.zoomOnly && !zoomed)) continue;
    for (const n of list.toReversed()) {
      if (!overlay.has(row, n)) continue;
      const group = shape(layer, 'g', { 'data-thing': n, 'data-overlay': overlay.key });
      overlay.draw(group, row, n, labels[labelOf(row, n)].colour, unit);
    }
  }
}
