// Review: deciding with keys and buttons, and the file for `--apply`.

function download() {
  const text = everything().map((decision) => `${JSON.stringify(decision)}\n`).join('');
  const link = make('a', { href: URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' })), download: 'decisions.jsonl' });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function showReview() {
  const all = everything();
  const fits = (d) => byItem.get(d.item)?.row.key === d.observation_key;
  const stale = all.filter((d) => !fits(d)).length;
  const notes = [`${plural(all.length - stale, 'decision')} in ${plural(new Set(all.filter(fits).map((d) => d.item)).size, 'item')}.`];
  if (stale) notes.push(`${number(stale)} more are of observations that have changed; --apply will refuse them.`);
  if (!review.kept) notes.push('This browser does not keep them: download before you close the page.');
  byId('decided').textContent = notes.join(' ');
  byId('download').disabled = !all.length;
  byId('undo').disabled = byId('undo-thing').disabled = !undone.length;
}

// After the zoomed view is closed: counts, queues and the gallery follow what was decided in it.
function afterReview() {
  if (!review.changed) return;
  review.changed = false;
  measure();
  drawThreshold();
  listClasses();
  buildQueues();
  refresh(true);
}

// Things of the zoomed item that can be decided: those that count and those already decided.
function reviewed(row) {
  const list = kept(row);
  for (const [n, of] of row.rules ?? []) if (isDecided(of) && !list.includes(n)) list.push(n);
  return header.kind === 'answer' ? list : list.sort((a, b) => a - b);
}

const zoomed = () => visible[looking.place].row;
function pick(step) {
  const list = reviewed(zoomed());
  const at = list.indexOf(review.thing);
  if (list.length) review.thing = list[Math.min(list.length - 1, Math.max(0, at + step))];
  redrawZoom();
  byId('facts-of').querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
}

// Decides of the thing that is picked and goes on to the next that is not decided.
function judge(field, now) {
  const row = zoomed();
  const list = reviewed(row);
  if (!row.key || !list.includes(review.thing)) return;
  const of = row.rules?.get(review.thing);
  const again = field === 'verdict' ? of?.verdict === now : Boolean(of?.wrongBox);
  if (again) now = field === 'box' ? boxOf(row, review.thing) : null;
  decide(row, review.thing, field, now);
  const next = list.slice(list.indexOf(review.thing) + 1).find((n) => !isDecided(row.rules.get(n)));
  if (!again && next !== undefined) review.thing = next;
  redrawZoom();
}

// All that is shown and not decided, and on to the next item; an item without anything is accepted as a whole.
function acceptAll() {
  const row = zoomed();
  const open = kept(row).filter((n) => !isDecided(row.rules?.get(n)));
  if (!reviewed(row).length) decide(row, null, 'verdict', 'accept');
  for (const n of header.kind === 'answer' ? open.slice(0, 1) : open) decide(row, n, 'verdict', 'accept');
  openZoom(looking.place + 1);
}

// The one line of input: another label, another text, or a note.
function ask(field) {
  const row = zoomed();
  if (!row.key) return;
  const thing = reviewed(row).includes(review.thing) ? review.thing : null;
  if (field === 'correct') {
    if (thing === null || header.kind === 'yeses') return;
    field = row.x?.[thing]?.text === undefined ? 'label' : 'text';
  }
  const former = { label: '', text: thing === null ? '' : nameOf(row, thing), note: (thing === null ? row.says : row.rules?.get(thing))?.note ?? '' };
  const input = byId('answer');
  byId('ask').hidden = false;
  byId('ask-what').textContent = { label: 'It is a', text: 'It says', note: 'Note' }[field];
  byId('wrong').textContent = '';
  if (field === 'label') input.setAttribute('list', 'all-labels');
  else input.removeAttribute('list');
  input.value = former[field];
  input.focus();
  input.select();
  byId('ask').onsubmit = (event) => {
    event.preventDefault();
    const answer = input.value.trim();
    const known = header.names.find((name) => name.toLowerCase() === answer.toLowerCase());
    if (field === 'label' && !known) {
      byId('wrong').textContent = 'not one of the model’s labels';
      return;
    }
    if (field === 'text' && !answer) return;
    endAsking();
    decide(row, thing, field, field === 'label' ? known : answer || null);
  };
}

function endAsking() {
  byId('ask').hidden = true;
  byId('close').focus();
}

function buildReview() {
  const names = new Set([...header.names, ...labels.map((label) => label.name)]);
  byId('all-labels').replaceChildren(...[...names].map((value) => make('option', { value })));
  byId('review').hidden = !items.some((item) => item.row.key);
  byId('by').value = review.by;
  byId('by').addEventListener('change', () => { review.by = byId('by').value.trim(); remember(); showReview(); });
  byId('download').addEventListener('click', download);
  for (const id of ['undo', 'undo-thing']) byId(id).addEventListener('click', undo);
  byId('undo').addEventListener('click', afterReview);
  const actions = { accept: () => judge('verdict', 'accept'), reject: () => judge('verdict', 'reject'), box: () => judge('box', null),
    correct: () => ask('correct'), note: () => ask('note'), all: acceptAll };
  for (const [action, run] of Object.entries(actions)) byId(`do-${action}`).addEventListener('click', run);
  byId('ask').addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    // Ends the question, not the zoomed view.
    event.preventDefault();
    event.stopPropagation();
    endAsking();
  });
  showReview();
}
