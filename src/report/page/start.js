// Head of the page, keys, and putting it all together.

function describeRun() {
  const { facts, inputs } = header;
  byId('title').textContent = facts.title;
  const seconds = header.wall_ms / 1000;
  const time = seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds / 60)} min`;
  const parts = [plural(items.length, 'item'), ...facts.head, time, header.written.replace('T', ' ').slice(0, 16)];
  byId('facts').textContent = parts.join(' · ');
  const failed = inputs.failed + inputs.partial;
  if (failed) byId('facts').append(' · ', make('b', { class: 'bad', text: `${plural(failed, 'input')} failed` }));
  if (inputs.reached < inputs.listed) {
    byId('facts').append(' · ', make('b', { class: 'warn', text: `stopped after ${number(inputs.reached)} of ${number(inputs.listed)} inputs` }));
  }
  for (const [name, value] of [...facts.about, ['Time', time], ['Written', header.written], ['Program', header.program]]) {
    if (value) byId('details').append(make('dt', { text: name }), make('dd', { text: value }));
  }
}

// Keys of the gallery and of the zoomed view. Fields keep their own.
const MOVES = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: () => -grid.perRow, ArrowDown: () => grid.perRow };
const KEYS = {
  '[': () => setThreshold(state.t - 0.01),
  ']': () => setThreshold(state.t + 0.01),
  o: () => toggleOverlays(OVERLAYS.filter((overlay) => !overlay.zoomOnly).map((overlay) => overlay.key)),
  l: () => toggleOverlays(['name']),
};
const ZOOM_KEYS = {
  ArrowLeft: () => openZoom(looking.place - 1),
  ArrowRight: () => openZoom(looking.place + 1),
  '+': () => zoomBy(1.5),
  '=': () => zoomBy(1.5),
  '-': () => zoomBy(1 / 1.5),
  0: () => fitStage(visible[looking.place].row),
  ArrowUp: () => pick(-1),
  ArrowDown: () => pick(1),
  a: () => judge('verdict', 'accept'),
  r: () => judge('verdict', 'reject'),
  b: () => judge('box', null),
  c: () => ask('correct'),
  n: () => ask('note'),
  u: undo,
  A: acceptAll,
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
  let action = KEYS[event.key];
  if (zoom.open) {
    action = ZOOM_KEYS[event.key] ?? action;
  } else if (event.key === '/') {
    action = () => byId('search').focus();
  } else if (MOVES[event.key] && (gallery.contains(document.activeElement) || document.activeElement === document.body)) {
    action = () => moveCursor(cursor + MOVES[event.key]());
  } else if (event.key === 'Enter' && document.activeElement === document.body) {
    action = () => openZoom(cursor);
  }
  if (!action) return;
  event.preventDefault();
  action();
}

function start() {
  readItems();
  recall();
  measure();
  describeRun();
  buildThreshold();
  listClasses();
  buildOverlays();
  buildFilters();
  buildQueues();
  buildOrder();
  buildReview();
  byId('all-classes').addEventListener('click', () => { state.labels.clear(); classesChanged(''); });
  byId('more-classes').addEventListener('click', () => { allClasses = !allClasses; listClasses(); });
  byId('clear').addEventListener('click', clearFilters);
  byId('search').addEventListener('input', () => { state.text = byId('search').value.trim().toLowerCase(); refresh(); });
  byId('size').addEventListener('change', () => refresh(true));
  gallery.addEventListener('scroll', paint, { passive: true });
  document.addEventListener('keydown', onKey);
  // On a phone the filters are folded away at first.
  if (matchMedia('(max-width: 760px)').matches) byId('side').open = false;
  refresh();
  new ResizeObserver(() => { layout(); paint(); if (zoom.open) fitStage(visible[looking.place].row); }).observe(gallery);
  document.documentElement.dataset.ready = 'yes';
}
document.addEventListener('DOMContentLoaded', start);
