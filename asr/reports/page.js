"use strict";
// Tables sort at a click on a column's head: numbers by data-v, texts by alphabet, and the other way at the next click.
for (const head of document.querySelectorAll("th")) {
  head.addEventListener("click", () => {
    const body = head.closest("table").tBodies[0];
    const at = head.cellIndex;
    const down = head.getAttribute("aria-sort") === "ascending";
    const value = row => row.cells[at].dataset.v ?? row.cells[at].textContent;
    const order = (a, b) => {
      const [x, y] = [value(a), value(b)];
      const numbers = x !== "" && y !== "" && !isNaN(x) && !isNaN(y);
      return numbers ? x - y : x.localeCompare(y, undefined, { numeric: true });
    };
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].sort(order);
    body.append(...(down ? rows.reverse() : rows));
  });
}

// Utterances: found by a part of their text, those without errors hidden, sorted.
const list = document.getElementById("list");
if (list) {
  const [find, wrong, order, shown] = ["find", "wrong", "order", "shown"].map(id => document.getElementById(id));
  const articles = [...list.children];
  const update = () => {
    const wanted = find.value.toLowerCase();
    let count = 0;
    for (const each of articles) {
      const fits = each.dataset.text.includes(wanted) && !(wrong.checked && each.dataset.errors === "0");
      each.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${articles.length} shown`;
  };
  const sort = () => {
    const [key, way] = order.value.split(" ");
    const by = (a, b) => key === "id" ? a.id.localeCompare(b.id, undefined, { numeric: true }) : way * (a.dataset[key] - b.dataset[key]);
    list.append(...articles.sort(by));
  };
  find.addEventListener("input", update);
  wrong.addEventListener("change", update);
  order.addEventListener("change", sort);
  update();
}

// One recording at a time.
document.addEventListener("play", event => {
  for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
}, true);
