'use strict';
// What the page knows: items, what counts as found at the present threshold, filters, order.

// Data files push text here; data within the page is read from its element.
const visionItems = [];
const header = JSON.parse(document.getElementById('header').textContent);
const labels = header.labels.map(([name, colour]) => ({ name, colour }));
const columns = header.columns.map((column, at) => ({ ...column, at }));
const threshold = header.threshold;

const state = {
  t: threshold ? threshold.conf : 0,
  text: '',
  labels: new Set(),
  queue: header.queues[0],
  ranges: new Map(), // column key -> [least, greatest]
  choices: new Map(), // column key -> value
  by: '',
  down: false,
  hidden: new Set(), // keys of overlays
};
let items = [];
let visible = [];
let totals = { results: 0, found: 0, byLabel: [] };

// Labels with a threshold of their own keep it: the slider is what `--conf` is on the command line.
const exceptions = new Map();
if (threshold) {
  const own = new Map(threshold.by_label);
  labels.forEach((label, number) => own.has(label.name) && exceptions.set(number, own.get(label.name)));
}
const leastOf = (label) => exceptions.get(label) ?? state.t;

function readItems() {
  const texts = [...document.querySelectorAll('script.items')].map((element) => element.textContent);
  for (const text of texts.concat(visionItems)) {
    for (const row of JSON.parse(text)) {
      const name = row.path.slice(row.path.lastIndexOf('/') + 1);
      const title = row.part ? `${name} · ${row.part}` : name;
      items.push({ row, title, number: items.length, search: `${row.root}/${row.path} ${row.part}`.toLowerCase() });
    }
  }
}

// Numbers of the things of a row that pass the threshold, in the row's order: best first, text as it is read. What is found within a thing comes and
// goes with it.
function kept(row) {
  const list = [];
  const rules = row.rules;
  const most = threshold ? threshold.most : Infinity;
  let count = 0;
  for (let n = 0, at = 0; at < row.s.length; n++, at += 2) {
    const of = row.x?.[n]?.of;
    if (of !== undefined) {
      if (list.includes(of)) list.push(n);
    } else {
      const found = count < most && row.s[at + 1] >= leastOf(row.s[at]);
      count += found;
      const of = rules?.get(n);
      if (!isOut(of) && (found || isDecided(of))) list.push(n);
    }
  }
  return rules?.size && header.kind === 'answer' ? answered(row, list) : list;
}

// Where one class is the answer: the one that people say comes first; where they only say that it is wrong, there is none.
function answered(row, list) {
  const right = [...row.rules].find(([, of]) => !isOut(of) && isDecided(of));
  if (!right) return isOut(row.rules.get(0)) ? [] : list;
  return [right[0], ...list.filter((n) => n !== right[0] && labelOf(row, n) !== labelOf(row, right[0]))];
}

// Of those, what is an answer: a classifier's second best is what it might have been.
const counted = (list) => (header.kind === 'answer' ? list.slice(0, 1) : list);
const labelOf = (row, n) => row.rules?.get(n)?.label ?? row.s[2 * n];
const scoreOf = (row, n) => row.s[2 * n + 1];
// What a thing is called: what a line of text says, else its label.
const nameOf = (row, n) => row.rules?.get(n)?.text ?? row.x?.[n]?.text ?? labels[labelOf(row, n)].name;

// Counts everything anew at the present threshold.
function measure() {
  totals = { results: 0, found: 0, byLabel: labels.map(() => 0) };
  for (const item of items) {
    const list = measureItem(item);
    for (const n of list) totals.byLabel[labelOf(item.row, n)]++;
    totals.results += list.length;
    totals.found += list.length > 0;
  }
}

// Within a tenth of the threshold counts as doubtful; what people decided is in no doubt.
const NEAR = 0.1;
function measureItem(item) {
  const { row } = item;
  const list = counted(kept(row));
  Object.assign(item, { count: list.length, doubt: 0, effect: 0, decided: 0 });
  item.best = list.reduce((best, n) => Math.max(best, scoreOf(row, n)), -1);
  for (let at = 0; at < row.s.length; at += 2) {
    if (row.rules && isDecided(row.rules.get(at / 2))) {
      item.decided++;
      continue;
    }
    const off = Math.abs(row.s[at + 1] - leastOf(row.s[at]));
    item.doubt = Math.max(item.doubt, 1 - off);
    item.effect += off <= NEAR;
  }
  item.decided += Boolean(row.says?.verdict || row.says?.note);
  return list;
}

// The page's own columns: they follow the threshold.
const LIVE = [
  { key: 'count', title: header.kind === 'things' ? 'Number found' : 'Classes', of: (item) => item.count },
  { key: 'best', title: 'Best score', of: (item) => item.best },
  { key: 'doubt', needs: threshold, title: 'Doubt', of: (item) => item.doubt },
  { key: 'effect', needs: threshold, title: 'At stake', of: (item) => item.effect },
  { key: 'decided', title: 'Decided', of: (item) => item.decided },
].filter((column) => column.needs !== null);
const valueOf = (item, key) => {
  const live = LIVE.find((column) => column.key === key);
  return live ? live.of(item) : item.row.columns[columns.find((column) => column.key === key)?.at];
};
const hasColumn = (column) => items.some((item) => item.row.columns[column.at] != null);

const AMONG = {
  all: () => true,
  failed: (item) => Boolean(item.row.error),
  warned: (item) => Boolean(item.row.warnings),
  found: (item) => item.count > 0,
  doubtful: (item) => item.doubt >= 1 - NEAR,
  decided: (item) => item.decided > 0,
};

function fits(item) {
  if (!AMONG[state.queue.among](item)) return false;
  const { row } = item;
  if (state.labels.size && !counted(kept(row)).some((n) => state.labels.has(labelOf(row, n)))) return false;
  for (const [key, [least, most]] of state.ranges) {
    const value = valueOf(item, key);
    if (value == null || value < least || value > most) return false;
  }
  for (const [key, choice] of state.choices) if (valueOf(item, key) !== choice) return false;
  if (!state.text || item.search.includes(state.text)) return true;
  return counted(kept(row)).some((n) => nameOf(row, n).toLowerCase().includes(state.text));
}

const collator = new Intl.Collator(undefined, { numeric: true });
function compare(a, b) {
  if (a === b) return 0;
  // What has no value comes last, whichever way it is sorted.
  if (a == null) return state.down ? -1 : 1;
  if (b == null) return state.down ? 1 : -1;
  return typeof a === 'number' ? a - b : collator.compare(a, b);
}

function select() {
  visible = items.filter(fits);
  if (state.by) {
    const keyed = visible.map((item) => [valueOf(item, state.by), item]);
    keyed.sort(([a, one], [b, other]) => (state.down ? -1 : 1) * compare(a, b) || one.number - other.number);
    visible = keyed.map(([, item]) => item);
  } else if (state.down) {
    visible.reverse();
  }
}
