// The gallery: only the cards near the window exist, so that a hundred thousand items scroll like ten.

const byId = (id) => document.getElementById(id);
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'text') element.textContent = value;
    else if (key.startsWith('aria-') && value != null) element.setAttribute(key, value);
    else if (value !== false && value != null) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

const gallery = byId('gallery');
const canvas = byId('canvas');
const GAP = 12;
const CAPTION = 50;
const grid = { perRow: 1, width: 220, height: 210 };
const cards = new Map(); // place in `visible` -> element
let cursor = 0;

function layout() {
  const room = canvas.clientWidth;
  const wanted = Math.min(Number(byId('size').value), room);
  grid.perRow = Math.max(1, Math.floor((room + GAP) / (wanted + GAP)));
  grid.width = (room - GAP * (grid.perRow - 1)) / grid.perRow;
  // Where words stand in the place of all pictures they need less room.
  const shape = items.every((item) => item.row.instead && !item.row.thumb) ? 0.2 : 0.75;
  grid.height = Math.round(grid.width * shape) + CAPTION;
  canvas.style.height = `${Math.ceil(visible.length / grid.perRow) * (grid.height + GAP)}px`;
}

function paint() {
  const step = grid.height + GAP;
  // A row more above and below, so that scrolling does not show gaps.
  const first = Math.max(0, Math.floor(gallery.scrollTop / step) - 1) * grid.perRow;
  const rows = Math.ceil(gallery.clientHeight / step) + 3;
  const last = Math.min(visible.length, first + rows * grid.perRow);
  for (const [place, card] of cards) {
    if (place < first || place >= last) {
      card.remove();
      cards.delete(place);
    }
  }
  for (let place = first; place < last; place++) {
    if (!cards.has(place)) cards.set(place, canvas.appendChild(cardOf(visible[place], place)));
    const card = cards.get(place);
    const [column, row] = [place % grid.perRow, Math.floor(place / grid.perRow)];
    card.style.transform = `translate(${column * (grid.width + GAP)}px, ${row * step}px)`;
    card.style.width = `${grid.width}px`;
    card.style.height = `${grid.height}px`;
  }
}

// What is shown has changed: begins at the top unless told to stay.
function refresh(stay = false) {
  select();
  cards.forEach((card) => card.remove());
  cards.clear();
  cursor = stay ? Math.min(cursor, Math.max(0, visible.length - 1)) : 0;
  if (!stay) gallery.scrollTop = 0;
  layout();
  paint();
  byId('nothing').hidden = visible.length > 0;
  const results = visible.reduce((sum, item) => sum + item.count, 0);
  byId('status').textContent = `${plural(visible.length, 'item')} of ${number(items.length)}` +
    ` · ${plural(results, header.kind === 'things' ? 'thing' : 'answer')} found`;
}

const number = (n) => n.toLocaleString('en');
const plural = (n, word) => `${number(n)} ${word}${n === 1 ? '' : 's'}`;

function cardOf(item, place) {
  const { row } = item;
  const picture = make('div', { class: 'picture' });
  if (row.thumb) {
    const image = make('img', { src: row.thumb, alt: '', loading: 'lazy', decoding: 'async' });
    const layer = overlayLayer(row);
    drawOverlays(layer, row, Math.max(...row.size) / grid.width, false);
    picture.append(image, layer);
  } else {
    picture.append(make('span', { class: 'none', text: row.error ? row.error.kind : row.instead?.[0] ?? 'no picture' }));
  }
  const list = counted(kept(row));
  const says = row.error ? row.error.message : row.instead?.[1] ?? summary(row, list);
  const marks = make('span', { class: 'marks' });
  if (row.error) marks.append(make('b', { class: 'bad', text: 'failed' }));
  if (item.decided) marks.append(make('b', { class: 'ok', text: `✓ ${number(item.decided)}`, 'aria-label': plural(item.decided, 'decision') }));
  if (row.warnings) marks.append(make('b', { class: 'warn', text: plural(row.warnings.length, 'warning') }));
  const caption = make('div', { class: 'caption' },
    make('span', { class: 'name', title: `${row.root}/${row.path}`, text: item.title }), marks,
    make('span', { class: 'says', title: says, text: says }));
  const card = make('button', {
    type: 'button', class: row.error ? 'card failed' : 'card', 'data-place': place,
    tabindex: place === cursor ? 0 : -1, 'aria-label': `${item.title}: ${says}`,
  }, picture, caption);
  card.addEventListener('click', () => openZoom(place));
  card.addEventListener('focus', () => moveCursor(place, false));
  return card;
}

function summary(row, list) {
  if (!list.length) return 'nothing found';
  if (header.kind !== 'things') {
    return kept(row).slice(0, 3).map((n) => `${labels[labelOf(row, n)].name} ${scoreOf(row, n).toFixed(2)}`).join(', ');
  }
  const counts = new Map();
  for (const n of list) counts.set(labelOf(row, n), (counts.get(labelOf(row, n)) ?? 0) + 1);
  return [...counts].map(([label, count]) => `${count} ${labels[label].name}`).join(', ');
}

function moveCursor(place, focus = true) {
  if (place < 0 || place >= visible.length) return;
  cards.get(cursor)?.setAttribute('tabindex', -1);
  cursor = place;
  const top = Math.floor(place / grid.perRow) * (grid.height + GAP);
  if (focus) {
    const bottom = top + grid.height - gallery.clientHeight + 2 * GAP;
    gallery.scrollTop = Math.max(Math.min(gallery.scrollTop, top), bottom);
    paint();
  }
  const card = cards.get(place);
  card?.setAttribute('tabindex', 0);
  if (focus) card?.focus({ preventScroll: true });
}
