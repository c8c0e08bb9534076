// One item at full size: pan, zoom, overlays, and everything known of it.

const zoom = byId('zoom');
const stage = byId('stage');
const paper = byId('paper');
const looking = { place: 0, scale: 1, x: 0, y: 0, view: '', layer: null, fit: 1 };

// The original first: overlays are not burnt into it. Where a link leads nowhere (the report was handed on
// alone), the next view is taken.
function viewsOf(row) {
  const views = (row.views ?? []).map(([kind, source]) => ({ kind, source }));
  if (row.thumb) views.push({ kind: 'small', source: row.thumb });
  const order = ['original', 'small', 'annotated'];
  const placeOf = ({ kind }) => (order.includes(kind) ? order.indexOf(kind) : order.length);
  return views.sort((a, b) => placeOf(a) - placeOf(b));
}

function openZoom(place) {
  if (place < 0 || place >= visible.length) return;
  const item = visible[place];
  looking.place = place;
  byId('ask').hidden = true;
  review.thing = reviewed(item.row).find((n) => !isDecided(item.row.rules?.get(n))) ?? reviewed(item.row)[0];
  byId('zoom-name').textContent = `${item.row.root}/${item.row.path}${item.row.part ? ` · ${item.row.part}` : ''}`;
  byId('previous').disabled = place === 0;
  byId('next').disabled = place === visible.length - 1;
  if (!zoom.open) zoom.showModal();
  showView(item, viewsOf(item.row), 0);
  describe(item);
}

function showView(item, views, at) {
  const chips = views.map((view, number) => {
    const chip = make('button', { type: 'button', 'aria-pressed': number === at, text: view.kind });
    chip.addEventListener('click', () => showView(item, views, number));
    return chip;
  });
  byId('views').replaceChildren(...(chips.length > 1 ? chips : []));
  paper.replaceChildren();
  looking.layer = null;
  const view = views[at];
  looking.view = view?.kind ?? '';
  if (!view) {
    paper.append(make('p', { class: 'none', text: item.row.error?.message ?? item.row.instead?.join(': ') ?? 'no picture' }));
    paper.removeAttribute('style');
    return;
  }
  const image = make('img', { src: view.source, alt: item.title, draggable: 'false' });
  image.addEventListener('error', () => {
    const left = views.filter((other) => other !== view);
    if (image.isConnected && left.length) showView(item, left, 0);
  });
  paper.append(image);
  if (view.kind !== 'annotated') {
    looking.layer = overlayLayer(item.row);
    paper.append(looking.layer);
  }
  fitStage(item.row);
}

function fitStage(row) {
  const [width, height] = row.size;
  looking.fit = Math.min(stage.clientWidth / width, stage.clientHeight / height) || 1;
  Object.assign(looking, { scale: 1, x: 0, y: 0 });
  place();
}

// Puts the paper where `looking` says; sizes instead of a transform, so that lines and text stay sharp.
function place() {
  const { row } = visible[looking.place];
  const [width, height] = row.size.map((side) => side * looking.fit * looking.scale);
  const limit = (offset, size, room) => {
    const most = Math.max(0, (size - room) / 2);
    return Math.min(most, Math.max(-most, offset));
  };
  looking.x = limit(looking.x, width, stage.clientWidth);
  looking.y = limit(looking.y, height, stage.clientHeight);
  paper.style.width = `${width}px`;
  paper.style.height = `${height}px`;
  paper.style.left = `${(stage.clientWidth - width) / 2 + looking.x}px`;
  paper.style.top = `${(stage.clientHeight - height) / 2 + looking.y}px`;
  byId('scale').textContent = `${Math.round(looking.fit * looking.scale * 100)} %`;
  if (looking.layer) {
    drawOverlays(looking.layer, row, 1 / (looking.fit * looking.scale), true);
    light(review.thing, true);
  }
}

function zoomBy(factor, atX = stage.clientWidth / 2, atY = stage.clientHeight / 2) {
  const before = looking.scale;
  looking.scale = Math.min(40, Math.max(1, before * factor));
  const grown = looking.scale / before;
  const [fromX, fromY] = [atX - stage.clientWidth / 2, atY - stage.clientHeight / 2];
  looking.x = fromX - (fromX - looking.x) * grown;
  looking.y = fromY - (fromY - looking.y) * grown;
  place();
}

// Everything known of the item: things with scores, columns, warnings, the error.
function describe(item) {
  const { row } = item;
  const parts = [];
  if (row.error) parts.push(make('p', { class: 'bad box', text: `${row.error.kind} (${row.error.fault_of}): ${row.error.message}` }));
  for (const [code, message] of row.warnings ?? []) parts.push(make('p', { class: 'warn box', text: `${code}: ${message}` }));
  const list = reviewed(row);
  if (!list.includes(review.thing)) review.thing = list[0];
  byId('judge').hidden = !row.key;
  const things = list.map((n) => {
    const swatch = make('i', { class: 'swatch' });
    swatch.style.background = labels[labelOf(row, n)].colour;
    const of = row.rules?.get(n);
    const said = isOut(of) ? (of.wrongBox ? 'box wrong' : 'rejected') : isDecided(of) ? (of.verdict ? 'accepted' : 'corrected') : '';
    const entry = make('li', { 'data-thing': n, class: isOut(of) ? 'out' : said ? 'ok' : '', 'aria-current': n === review.thing ? 'true' : null },
      swatch, make('span', { text: nameOf(row, n), title: of?.note ?? '' }), said ? make('em', { text: said }) : '', make('meter', {
      min: 0, max: 1, value: scoreOf(row, n), 'aria-label': 'score',
    }), make('b', { text: scoreOf(row, n).toFixed(3) }));
    entry.addEventListener('pointerenter', () => light(n, true));
    entry.addEventListener('pointerleave', () => light(n, n === review.thing));
    entry.addEventListener('click', () => { review.thing = n; redrawZoom(); });
    return entry;
  });
  const below = row.s.length / 2 - list.length;
  const notes = [row.says?.note, ...list.map((n) => row.rules?.get(n)?.note)].filter(Boolean);
  parts.push(make('h3', { text: row.error ? '' : heading(kept(row).length) }));
  parts.push(make('ul', { class: 'things' }, ...things));
  for (const note of notes) parts.push(make('p', { class: 'quiet', text: `Note: ${note}` }));
  if (row.says?.verdict) parts.push(make('p', { class: 'quiet', text: `As a whole: ${row.says.verdict}ed` }));
  if (below > 0) parts.push(make('p', { class: 'quiet', text: `${number(below)} more below the threshold` }));
  if (row.cut) parts.push(make('p', { class: 'quiet', text: `${number(row.cut)} weaker ones are not in this page` }));
  const facts = columns.filter((column) => row.columns[column.at] != null)
    .flatMap((column) => [make('dt', { text: column.title }), make('dd', { text: shown(column, row.columns[column.at]) })]);
  if (row.size[0]) facts.push(make('dt', { text: 'Pixels' }), make('dd', { text: row.size.join(' × ') }));
  parts.push(make('dl', {}, ...facts));
  byId('about-item').replaceChildren(...parts);
}

function heading(count) {
  if (!count) return 'Nothing found';
  return header.kind === 'things' ? plural(count, 'thing') : 'Classes';
}

const shown = (column, value) => {
  const text = typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 4 }) : String(value);
  return column.unit ? `${text} ${column.unit}` : text;
};

function light(n, on) {
  for (const group of looking.layer?.querySelectorAll(`[data-thing="${n}"]`) ?? []) group.classList.toggle('lit', on);
}

function redrawZoom() {
  if (!zoom.open) return;
  place();
  describe(visible[looking.place]);
}

byId('previous').addEventListener('click', () => openZoom(looking.place - 1));
byId('next').addEventListener('click', () => openZoom(looking.place + 1));
byId('close').addEventListener('click', () => zoom.close());
byId('in').addEventListener('click', () => zoomBy(1.5));
byId('out').addEventListener('click', () => zoomBy(1 / 1.5));
zoom.addEventListener('close', () => {
  const item = visible[looking.place];
  afterReview();
  // Where the item has left the queue, the next one has its place.
  const place = visible.indexOf(item);
  moveCursor(Math.min(place >= 0 ? place : looking.place, visible.length - 1));
});
stage.addEventListener('wheel', (event) => {
  event.preventDefault();
  const place = stage.getBoundingClientRect();
  zoomBy(Math.exp(-event.deltaY / 300), event.clientX - place.left, event.clientY - place.top);
}, { passive: false });
stage.addEventListener('pointerdown', (event) => stage.setPointerCapture(event.pointerId));
stage.addEventListener('pointermove', (event) => {
  if (!stage.hasPointerCapture(event.pointerId)) return;
  looking.x += event.movementX;
  looking.y += event.movementY;
  place();
});
