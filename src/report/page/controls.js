// Threshold, classes, filters, queues, order: everything that narrows down what the gallery shows.

const FEW = 12; // classes listed before "show all"
let allClasses = false;

// After a change of the threshold: counts, lists, gallery. Once a frame at most, however fast the slider moves.
let waiting = false;
function thresholdChanged() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    measure();
    drawThreshold();
    listClasses();
    refresh(true);
    redrawZoom();
  });
}

function setThreshold(value) {
  if (!threshold) return;
  state.t = Math.min(1, Math.max(threshold.floor, Math.round(value * 1e6) / 1e6));
  byId('slider').value = state.t;
  thresholdChanged();
}

function buildThreshold() {
  byId('threshold').hidden = !threshold || !items.some((item) => item.row.s.length);
  if (!threshold) return;
  const slider = byId('slider');
  // The run's own value must be one the slider can stand on.
  Object.assign(slider, { min: threshold.floor, max: 1, step: 0.001, value: state.t });
  slider.addEventListener('input', () => setThreshold(Number(slider.value)));
  byId('reset').addEventListener('click', () => setThreshold(threshold.conf));
  const cut = items.filter((item) => item.row.cut).length;
  const notes = [`Moves over stored candidates from ${threshold.floor}; the run used ${threshold.conf}.`];
  if (exceptions.size) {
    notes.push(`Kept as in the run: ${[...exceptions].map(([n, least]) => `${labels[n].name} ${least}`).join(', ')}.`);
  }
  if (cut) notes.push(`${plural(cut, 'item')} had more than ${threshold.candidates}; the weakest are left out.`);
  byId('bound').textContent = notes.join(' ');
  drawThreshold();
}

// How many candidates have which score, of the chosen classes; those that pass in colour.
function drawThreshold() {
  if (!threshold) return;
  const BINS = 48;
  const span = 1 - threshold.floor;
  const bins = new Array(BINS).fill(0);
  for (const { row } of items) {
    for (let at = 0; at < row.s.length; at += 2) {
      if (state.labels.size && !state.labels.has(row.s[at])) continue;
      bins[Math.min(BINS - 1, Math.max(0, Math.floor(((row.s[at + 1] - threshold.floor) / span) * BINS)))]++;
    }
  }
  const svg = byId('scores');
  svg.setAttribute('viewBox', `0 0 ${BINS} 100`);
  svg.replaceChildren();
  // Roots of the counts: a few sure results stay visible beside a thousand doubtful ones.
  const highest = Math.sqrt(Math.max(1, ...bins));
  bins.forEach((count, bin) => {
    const height = (Math.sqrt(count) / highest) * 96;
    const passes = threshold.floor + ((bin + 0.5) / BINS) * span >= state.t;
    shape(svg, 'rect', { x: bin + 0.1, y: 100 - height, width: 0.8, height, class: passes ? 'in' : 'below' });
  });
  svg.setAttribute('aria-label', `Scores: ${number(totals.results)} of ${number(bins.reduce((a, b) => a + b))} candidates pass`);
  byId('least').textContent = state.t.toFixed(state.t * 100 % 1 > 1e-6 ? 3 : 2);
  byId('reset').hidden = state.t === threshold.conf;
}

function listClasses() {
  const order = totals.byLabel.map((count, label) => [count, label])
    .filter(([count, label]) => count || state.labels.has(label))
    .sort(([a, one], [b, other]) => b - a || one - other);
  byId('classes').hidden = !labels.length;
  byId('all-classes').hidden = !state.labels.size;
  const most = order.length ? order[0][0] : 1;
  const list = (allClasses ? order : order.slice(0, FEW)).map(([count, label]) => {
    const { name, colour } = labels[label];
    const bar = make('i', { class: 'amount' });
    bar.style.width = `${(count / Math.max(1, most)) * 100}%`;
    const swatch = make('i', { class: 'swatch' });
    swatch.style.background = colour;
    const entry = make('button', { type: 'button', 'aria-pressed': state.labels.has(label) },
      bar, swatch, make('span', { text: name }), make('b', { text: number(count) }));
    entry.addEventListener('click', () => {
      if (!state.labels.delete(label)) state.labels.add(label);
      classesChanged(label);
    });
    return make('li', { 'data-label': label }, entry);
  });
  byId('class-list').replaceChildren(...list);
  const more = byId('more-classes');
  more.hidden = order.length <= FEW;
  more.textContent = allClasses ? 'fewer' : `all ${order.length}`;
}

function classesChanged(label) {
  listClasses();
  drawThreshold();
  refresh();
  // The list was made anew: the button that was pressed keeps the focus.
  byId('class-list').querySelector(`[data-label="${label}"] button`)?.focus();
}

function buildOverlays() {
  const used = OVERLAYS.filter((overlay) => items.some(({ row }) => row.s.some((_, n) => n < row.s.length / 2 && overlay.has(row, n))));
  byId('overlays').hidden = !used.length;
  byId('overlay-list').replaceChildren(...used.map((overlay) => {
    const chip = make('button', { type: 'button', 'aria-pressed': true, text: overlay.title, 'data-overlay': overlay.key });
    chip.addEventListener('click', () => toggleOverlays([overlay.key]));
    return chip;
  }));
}

function toggleOverlays(keys) {
  const show = keys.every((key) => state.hidden.has(key));
  for (const key of keys) state.hidden[show ? 'delete' : 'add'](key);
  for (const chip of byId('overlay-list').children) {
    chip.setAttribute('aria-pressed', !state.hidden.has(chip.dataset.overlay));
  }
  refresh(true);
  redrawZoom();
}

// One control a column, by its kind. A value that all items share is nothing to filter by.
const CONTROLS = {
  text: () => null,
  number(column) {
    const values = items.map((item) => item.row.columns[column.at]).filter((value) => value != null);
    const [low, high] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    if (!(low < high)) return null;
    const field = (name, bound) => make('input', {
      type: 'number', step: 'any', placeholder: Number(bound.toPrecision(3)), 'aria-label': `${column.title}, ${name}`,
    });
    const [least, most] = [field('least', low), field('most', high)];
    const changed = () => {
      if (least.value === '' && most.value === '') state.ranges.delete(column.key);
      else state.ranges.set(column.key, [least.value === '' ? -Infinity : Number(least.value), most.value === '' ? Infinity : Number(most.value)]);
      refresh();
    };
    [least, most].forEach((input) => input.addEventListener('input', changed));
    const title = column.unit ? `${column.title} (${column.unit})` : column.title;
    return make('div', { class: 'range', 'data-column': column.key }, make('span', { text: title }), least, most);
  },
  choice(column) {
    const counts = new Map();
    for (const { row } of items) counts.set(row.columns[column.at], (counts.get(row.columns[column.at]) ?? 0) + 1);
    if (counts.size < 2) return null;
    const values = [...counts].filter(([value]) => value != null).sort(([a], [b]) => collator.compare(a, b));
    const select = make('select', {}, make('option', { value: '', text: 'any' }),
      ...values.map(([value, count]) => make('option', { value: `=${value}`, text: `${value} (${number(count)})` })));
    select.addEventListener('change', () => {
      if (select.value) state.choices.set(column.key, select.value.slice(1));
      else state.choices.delete(column.key);
      refresh();
    });
    return make('label', { class: 'choice', 'data-column': column.key }, make('span', { text: column.title }), select);
  },
};

function buildFilters() {
  const controls = columns.map((column) => CONTROLS[column.kind](column)).filter(Boolean);
  byId('filters').hidden = !controls.length;
  byId('filter-list').replaceChildren(...controls);
}

function clearFilters() {
  Object.assign(state, { text: '', queue: header.queues[0] });
  state.labels.clear();
  state.ranges.clear();
  state.choices.clear();
  byId('search').value = '';
  buildFilters();
  buildQueues();
  listClasses();
  drawThreshold();
  refresh();
}

// A queue is a selection with an order; those that hold nothing are not offered.
function buildQueues() {
  const queues = header.queues.filter((queue) => queue.among === 'all' || items.some(AMONG[queue.among]));
  byId('queues').replaceChildren(...queues.map((queue) => {
    const held = items.filter(AMONG[queue.among]).length;
    const text = ['failed', 'warned', 'decided'].includes(queue.among) ? `${queue.title} ${number(held)}` : queue.title;
    const chip = make('button', { type: 'button', 'aria-pressed': queue === state.queue, text, class: queue.among });
    chip.addEventListener('click', () => {
      Object.assign(state, { queue, by: queue.by, down: queue.descending });
      buildQueues();
      showOrder();
      refresh();
    });
    return chip;
  }));
}

function buildOrder() {
  const options = [['', 'as listed'], ...LIVE.map((column) => [column.key, column.title]),
    ...columns.filter(hasColumn).map((column) => [column.key, column.title])];
  byId('sort').replaceChildren(...options.map(([value, text]) => make('option', { value, text })));
  byId('sort').addEventListener('change', () => {
    state.by = byId('sort').value;
    // Numbers are of most interest from the top.
    state.down = LIVE.some((column) => column.key === state.by);
    showOrder();
    refresh();
  });
  byId('direction').addEventListener('click', () => {
    state.down = !state.down;
    showOrder();
    refresh();
  });
  showOrder();
}

function showOrder() {
  byId('sort').value = state.by;
  byId('direction').textContent = state.down ? '↓' : '↑';
  byId('direction').setAttribute('aria-label', state.down ? 'Falling; turn round' : 'Rising; turn round');
}
