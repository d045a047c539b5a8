'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const [SINCE, CLOCK, MINUTES, IMPORT, , LOAD, SOLAR, BATTERY, GRID, SOC, BEST, ACT] = Array(12).keys();
  const at = id => document.getElementById(id);
  const LEFT = 56, WIDE = 900;
  const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
  const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
  let shown = 0;

  const escape = text => text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`);
  const two = number => String(number).padStart(2, '0');
  const clock = minutes => `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
  const round = number => Math.round(number * 10) / 10;

  // A round step for at most five marks over a span.
  const step = span => {
    const least = Math.max(span, 1e-9) / 5, power = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map(factor => factor * power).find(size => size >= least);
  };

  // A frame from a low to a high value, at a height of the picture.
  const frame = (top, high, from, to, unit) => {
    if (to <= from) to = from + 1;
    const y = value => top + high * (to - value) / (to - from);
    const size = step(to - from), lines = [];
    for (let mark = Math.ceil(from / size) * size; mark <= to + size / 1e6; mark += size) {
      const name = Math.abs(mark) < size / 1e6 ? '0' : String(+mark.toPrecision(4));
      lines.push(`<path class="mark" d="M${LEFT} ${round(y(mark))}h${WIDE}"/><text x="${LEFT - 6}" y="${round(y(mark)) + 4}" text-anchor="end">${name}</text>`);
    }
    return { y, marks: lines.join('') + `<text x="${LEFT + 4}" y="${top - 7}">${escape(unit)}</text>` };
  };

  // A line that stays level over each slot and breaks where something is missing.
  const level = (slots, x, y, value) => {
    let path = '', ended = null;
    for (const slot of slots) {
      const until = slot[SINCE] + slot[MINUTES];
      path += `${ended === slot[SINCE] ? 'L' : 'M'}${round(x(slot[SINCE]))} ${round(y(value(slot)))}H${round(x(until))}`;
      ended = until;
    }
    return path;
  };

  // A line through what holds at the end of each slot.
  const course = (slots, x, y, value) => {
    let path = '', ended = null;
    for (const slot of slots) {
      if (value(slot) === null) continue;
      const until = slot[SINCE] + slot[MINUTES];
      path += `${ended === slot[SINCE] ? 'L' : 'M'}${round(x(until))} ${round(y(value(slot)))}`;
      ended = until;
    }
    return path;
  };

  const bars = (slots, x, y, value) => slots.filter(slot => value(slot) !== 0).map(slot => {
    const [from, until] = [x(slot[SINCE]), x(slot[SINCE] + slot[MINUTES])];
    const [top, bottom] = [y(Math.max(value(slot), 0)), y(Math.min(value(slot), 0))];
    return `M${round(from)} ${round(top)}H${round(until)}V${round(bottom)}H${round(from)}z`;
  }).join('');

  const picture = slots => {
    const length = Math.max(1440, ...slots.map(slot => slot[SINCE] + slot[MINUTES]));
    const x = minute => LEFT + WIDE * minute / length;
    const powers = slots.flatMap(slot => [slot[LOAD], slot[SOLAR], -slot[BATTERY], slot[BATTERY]]);
    const prices = slots.map(slot => slot[IMPORT] / 1e4);
    const price = frame(58, 104, Math.min(0, ...prices), Math.max(...prices), `price of import, ${data.currency}/kWh`);
    const power = frame(190, 190, Math.min(0, ...slots.map(slot => slot[BATTERY])) / 1e3, Math.max(1, ...powers) / 1e3,
      'kW: load (line), sun (area), battery out (+) and in (−)');
    const soc = frame(410, 110, 0, 100, 'state of charge, %: the policy (solid), the optimum (dashed)');
    const acts = slots.map(slot => {
      const [kind, words, rule] = data.acts[slot[ACT]];
      const told = `${clock(slot[CLOCK])} ${words} — ${rule}`;
      return `<path class="${kind}" d="M${round(x(slot[SINCE]))} 8H${round(x(slot[SINCE] + slot[MINUTES]))}v22H${round(x(slot[SINCE]))}z"><title>${escape(told)}</title></path>`;
    }).join('');
    const hours = slots.filter(slot => slot[CLOCK] % 180 === 0).map(slot =>
      `<path class="mark" d="M${round(x(slot[SINCE]))} 36V520"/><text x="${round(x(slot[SINCE]))}" y="536" text-anchor="middle">${clock(slot[CLOCK])}</text>`).join('');
    const line = (name, path) => `<path class="line ${name}" d="${path}"/>`;
    return `<div class="wide"><svg viewBox="0 0 ${LEFT + WIDE + 14} 544" role="img"><title>The course of the day</title>`
      + hours + acts + price.marks + power.marks + soc.marks
      + line('price', level(slots, x, price.y, slot => slot[IMPORT] / 1e4))
      + `<path class="sun" d="${bars(slots, x, power.y, slot => slot[SOLAR] / 1e3)}"/>`
      + `<path class="out" d="${bars(slots, x, power.y, slot => Math.max(slot[BATTERY], 0) / 1e3)}"/>`
      + `<path class="in" d="${bars(slots, x, power.y, slot => Math.min(slot[BATTERY], 0) / 1e3)}"/>`
      + line('load', level(slots, x, power.y, slot => slot[LOAD] / 1e3))
      + line('best', course(slots, x, soc.y, slot => slot[BEST] === null ? null : slot[BEST] / 10))
      + line('soc', course(slots, x, soc.y, slot => slot[SOC] / 10))
      + '</svg></div>';
  };

  const show = index => {
    if (!data.days.length) return;
    shown = Math.min(Math.max(index, 0), data.days.length - 1);
    const [date, slots] = data.days[shown];
    const hours = slots.reduce((sum, slot) => sum + slot[MINUTES], 0) / 60;
    const energy = value => slots.reduce((sum, slot) => sum + Math.max(value(slot), 0) * slot[MINUTES] / 6e4, 0).toFixed(1);
    const paid = slots.reduce((sum, slot) => sum + Math.max(slot[GRID], 0) * slot[MINUTES] / 6e4 * slot[IMPORT] / 1e4
      - Math.max(-slot[GRID], 0) * slot[MINUTES] / 6e4 * slot[4] / 1e4, 0);
    const noon = new Date(`${date}T12:00:00Z`);
    at('shown').textContent = `${DAYS[noon.getUTCDay()]} ${noon.getUTCDate()} ${MONTHS[noon.getUTCMonth()]} ${noon.getUTCFullYear()}`;
    at('course').innerHTML = picture(slots);
    at('under').textContent = `${hours} h known · load ${energy(slot => slot[LOAD])} kWh · sun ${energy(slot => slot[SOLAR])} kWh · `
      + `import ${energy(slot => slot[GRID])} kWh · export ${energy(slot => -slot[GRID])} kWh · cost ${paid.toFixed(2)} ${data.currency}`;
    at('date').value = date;
    at('before').disabled = shown === 0;
    at('after').disabled = shown === data.days.length - 1;
    document.body.dataset.shown = date;
  };

  // The last day that is not later.
  const find = date => Math.max(0, data.days.findLastIndex(day => day[0] <= date));

  const open = () => {
    const asked = /^#(\d{4}-\d\d-\d\d)$/.exec(location.hash);
    show(asked ? find(asked[1]) : Math.floor(data.days.length / 2));
  };

  at('before').onclick = () => show(shown - 1);
  at('after').onclick = () => show(shown + 1);
  at('date').onchange = () => at('date').value && show(find(at('date').value));
  window.onhashchange = open;
  document.onkeydown = event => {
    if (event.target.tagName === 'INPUT' || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'ArrowLeft') show(shown - 1);
    if (event.key === 'ArrowRight') show(shown + 1);
  };
  const year = at('year');
  if (year) year.onclick = event => {
    const scale = year.viewBox.baseVal.width / year.getBoundingClientRect().width;
    const column = ((event.clientX - year.getBoundingClientRect().left) * scale - year.dataset.left) / year.dataset.column;
    const date = new Date(`${year.dataset.first}T12:00:00Z`);
    date.setUTCDate(date.getUTCDate() + Math.floor(column));
    show(find(date.toISOString().slice(0, 10)));
    at('day').scrollIntoView();
  };
  open();
})();
