"use strict";
// Tables that sort by a click on a heading and show the rows with all words of a filter; pictures that enlarge; commands
// to copy. Without it the pages show the same.

const number = (text) => (/^[-+]?[\d.]/.test(text) ? parseFloat(text) : NaN);

function sortTable(table, column) {
  const heads = [...table.tHead.rows[0].cells];
  const direction = heads[column].getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const rows = [...table.tBodies[0].rows].map((row) => {
    const text = row.cells[column].textContent;
    return { row, text, value: number(text) };
  });
  const order = new Intl.Collator("en", { numeric: true });
  rows.sort((a, b) => {
    if (!isNaN(a.value) && !isNaN(b.value)) return direction * (a.value - b.value);
    if (isNaN(a.value) !== isNaN(b.value)) return isNaN(a.value) ? 1 : -1;
    return direction * order.compare(a.text, b.text);
  });
  table.tBodies[0].append(...rows.map((entry) => entry.row));
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[column].setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sortTable(table, column));
    head.replaceChildren(button);
  });
  const filter = table.closest("details, section").querySelector(".filter");
  if (!filter) continue;
  const [input, output] = [filter.querySelector("input"), filter.querySelector("output")];
  filter.hidden = false;
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      row.lowered ??= [...row.cells].map((cell) => cell.textContent.toLowerCase()).join(" ");
      row.hidden = !words.every((word) => row.lowered.includes(word));
      if (!row.hidden) shown += 1;
    }
    output.textContent = words.length ? `${shown} shown` : "";
  });
}

const dialog = document.getElementById("enlarged");
for (const link of document.querySelectorAll("a.zoom")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const from = link.querySelector("img");
    const to = dialog.querySelector("img") ?? dialog.appendChild(document.createElement("img"));
    [to.src, to.alt] = [link.href, from.alt];
    dialog.showModal();
  });
}
dialog?.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.tagName === "IMG") dialog.close();
});

if (navigator.clipboard) {
  for (const text of document.querySelectorAll(".commands pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    text.before(button);
  }
}

// What is linked to is seen where it lies within a closed part.
function openTarget() {
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details")?.setAttribute("open", "");
}
window.addEventListener("hashchange", openTarget);
openTarget();
