// What people decide of the things in a picture: kept in this browser, put over what the run found.

const REVIEW_SCHEMA = 'vision.decision/1';
const memory = `vision.review.${header.run}`;
// Of this browser, by item, instance and field; those that the run has applied stand in `row.decided`.
const decisions = new Map();
const undone = []; // what to put back: [key, former decision or undefined]
const review = { by: '', kept: true, changed: false, thing: 0 };
const keyOf = ({ item, instance, field }) => JSON.stringify([item, instance, field]);

// What instances are called, as src/review/names.rs does it: label and box, the second of the same `#2`.
function namesOf(row) {
  if (row.names) return row.names;
  const seen = new Map();
  row.names = [];
  for (let n = 0; n < row.s.length / 2; n++) {
    const label = labels[row.s[2 * n]].name;
    const name = row.b.length ? `${label}@${boxOf(row, n).join(',')}` : label;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    row.names.push(count > 1 ? `${name}#${count}` : name);
  }
  return row.names;
}

const labelNumber = (name) => {
  const known = labels.findIndex((label) => label.name === name);
  return known >= 0 ? known : labels.push({ name, colour: '#8a929c' }) - 1;
};

// Puts together what holds of a row: `row.rules`, by number of the thing, and `row.says` of the item as a whole.
function rule(row, own) {
  const all = new Map((row.decided ?? []).map((d) => [keyOf({ ...d, item: row.id }), d]));
  for (const decision of own) all.set(keyOf(decision), decision);
  row.rules = new Map();
  row.says = {};
  const places = new Map(namesOf(row).map((name, n) => [name, n]));
  for (const { instance, field, was, now } of all.values()) {
    if (instance != null && !places.has(instance)) continue;
    const n = places.get(instance);
    if (instance != null && !row.rules.has(n)) row.rules.set(n, {});
    const of = instance == null ? row.says : row.rules.get(n);
    if (field === 'label') of.label = now == null ? undefined : labelNumber(now);
    else if (field === 'box') of.wrongBox = now == null;
    else of[field] = now ?? undefined;
    if (field === 'box' && now && JSON.stringify(now) !== JSON.stringify(was)) of.moved = true;
  }
}
const isDecided = (of) => Boolean(of && (of.verdict || of.label !== undefined || of.text !== undefined || of.wrongBox || of.moved));
const isOut = (of) => Boolean(of && (of.verdict === 'reject' || of.wrongBox));

const byItem = new Map();
const ownOf = (row) => [...decisions.values()].filter((d) => d.item === row.id && d.observation_key === row.key);
function recall() {
  for (const item of items) {
    byItem.set(item.row.id, item);
    if (item.row.decided) rule(item.row, []);
  }
  try {
    const kept = JSON.parse(localStorage.getItem(memory) ?? '{}');
    review.by = kept.by ?? '';
    for (const decision of kept.decisions ?? []) decisions.set(keyOf(decision), decision);
  } catch {
    review.kept = false;
  }
  for (const id of new Set([...decisions.values()].map((d) => d.item))) {
    if (byItem.has(id)) rule(byItem.get(id).row, ownOf(byItem.get(id).row));
  }
}

function remember() {
  try {
    localStorage.setItem(memory, JSON.stringify({ by: review.by, decisions: [...decisions.values()] }));
    review.kept = true;
  } catch {
    review.kept = false;
  }
}

// `n` is the thing's number, null for the item as a whole; `now` null takes back what was decided.
function decide(row, n, field, now) {
  if (!row.key) return;
  const of = (n === null ? row.says : row.rules?.get(n)) ?? {};
  const instance = n === null ? null : namesOf(row)[n];
  const box = n === null ? null : boxOf(row, n);
  const key = keyOf({ item: row.id, instance, field });
  const back = field === 'box' ? String(now) === String(box) : now === null;
  if (back && !(row.decided ?? []).some((d) => d.instance === instance && d.field === field)) {
    if (decisions.has(key)) put(undefined, key);
    return;
  }
  const was = { label: n === null ? null : labels[row.s[2 * n]].name, text: row.x?.[n]?.text, box };
  put({
    schema: REVIEW_SCHEMA, item: row.id, instance, field, observation_key: row.key,
    was: field in was ? was[field] : of[field] ?? null, now, by: review.by, at: `${new Date().toISOString().slice(0, 19)}Z`,
  });
}

function put(decision, key = keyOf(decision), undo = false) {
  if (!undo) undone.push([key, decisions.get(key)]);
  const { item: id } = decision ?? decisions.get(key);
  decisions.delete(key);
  if (decision) decisions.set(key, decision);
  remember();
  const item = byItem.get(id);
  if (item) {
    rule(item.row, ownOf(item.row));
    measureItem(item);
  }
  review.changed = true;
  showReview();
  redrawZoom();
}

function undo() {
  const [key, former] = undone.pop() ?? [];
  if (key) put(former, key, true);
}

// Everything that holds, so that one file says all: what the run has applied and what came after.
function everything() {
  const all = new Map();
  for (const { row } of items) {
    for (const decision of row.decided ?? []) {
      const whole = { schema: REVIEW_SCHEMA, item: row.id, instance: decision.instance, field: decision.field, observation_key: row.key,
        was: decision.was, now: decision.now, by: decision.by, at: decision.at };
      all.set(keyOf(whole), whole);
    }
  }
  for (const [key, decision] of decisions) all.set(key, decision);
  return [...all.values()];
}
