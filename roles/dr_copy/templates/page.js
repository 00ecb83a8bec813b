/* Adds to a page that is whole without it: a search box, a filter, sorting, and a note where the page is out of date. */
"use strict";
(() => {
  const rows = [...document.querySelectorAll("table.find tbody tr")];
  const texts = rows.map(row => row.textContent.toLowerCase());
  const tools = document.getElementById("tools");
  const search = Object.assign(document.createElement("input"), {type: "search", id: "search"});
  const label = Object.assign(document.createElement("label"), {textContent: "Search ", htmlFor: "search"});
  const late = Object.assign(document.createElement("input"), {type: "checkbox", id: "late-only"});
  const lateLabel = Object.assign(document.createElement("label"), {textContent: " Problems only", htmlFor: "late-only"});
  const found = Object.assign(document.createElement("output"), {className: "quiet"});
  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let number = 0;
    rows.forEach((row, i) => {
      row.hidden = !words.every(word => texts[i].includes(word)) || (late.checked && !row.closest(".is-late"));
      number += !row.hidden;
    });
    for (const group of document.querySelectorAll(".group")) group.hidden = ![...group.querySelectorAll("tbody tr")].some(row => !row.hidden);
    const filtered = words.length || late.checked;
    if (words.length) for (const part of document.querySelectorAll("details"))
      if ([...part.querySelectorAll("table.find tbody tr")].some(row => !row.hidden)) part.open = true;
    found.textContent = filtered ? ` ${number} of ${rows.length} rows` : "";
  }
  if (tools && rows.length) {
    const filter = Object.assign(document.createElement("span"), {className: "together"});
    filter.append(late, lateLabel);
    tools.append(label, search, filter, found);
    search.addEventListener("input", show);
    late.addEventListener("change", show);
  }
  function valueOf(row, column) {
    const cell = row.cells[column];
    if (!cell) return "";
    const value = cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v;
    return value !== "" && !isNaN(value) ? Number(value) : value.toLowerCase();
  }
  for (const table of document.querySelectorAll("table.find")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = Object.assign(document.createElement("button"), {type: "button", textContent: head.textContent});
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const order = (a, b) => {
          const [x, y] = [valueOf(a, column), valueOf(b, column)];
          const least = typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === "number" ? -1 : 1;
          return down ? -least : least;
        };
        const body = table.tBodies[0];
        body.append(...[...body.rows].sort(order));
      });
    });
  }
  for (const part of document.querySelectorAll("[data-valid-until]"))
    if (Date.now() > Date.parse(part.dataset.validUntil)) part.hidden = false;
  function open() {
    const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (part && part.tagName === "DETAILS") part.open = true;
  }
  addEventListener("hashchange", open);
  open();
})();
