/* Lists that a reader can filter, search and sort: the gallery, the ledger and the catalogue.
   A list is an element with data-filters; its children carry one data attribute for each filter. */
"use strict";

/* Opened from a plain folder, a page may not read the others, from which search would quote. */
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

function setUp(list) {
  const filters = list.dataset.filters.split(" "), what = list.dataset.what, items = [...list.children];
  const valuesOf = (item, filter) => item.dataset[filter].split("|");
  const form = document.createElement("form");
  form.className = "filters";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "Filter " + what);
  form.addEventListener("submit", event => event.preventDefault());
  const labelled = (text, control) => {
    const label = document.createElement("label");
    label.append(text, control);
    form.append(label);
    return control;
  };

  const wanted = new URLSearchParams(location.search), selects = {};
  for (const filter of filters) {
    const counts = new Map();
    for (const item of items)
      for (const value of valuesOf(item, filter)) counts.set(value, (counts.get(value) || 0) + 1);
    const select = labelled(filter[0].toUpperCase() + filter.slice(1), document.createElement("select"));
    select.name = filter;
    select.append(new Option("all", ""));
    const names = filter === "tag" ? [...counts.keys()].sort() : [...counts.keys()];
    for (const name of names) select.append(new Option(`${name} (${counts.get(name)})`, name));
    if (counts.has(wanted.get(filter))) select.value = wanted.get(filter);
    selects[filter] = select;
  }
  const search = labelled("Search", document.createElement("input"));
  search.type = "search";
  search.name = "words";
  search.value = wanted.get("words") || "";
  const status = document.createElement("output");
  form.append(status);

  function update() {
    const words = search.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const item of items) {
      const text = item.textContent.toLowerCase();
      const fits = words.every(word => text.includes(word)) &&
        filters.every(filter => !selects[filter].value || valuesOf(item, filter).includes(selects[filter].value));
      item.hidden = !fits;
      shown += fits;
    }
    status.textContent = `${shown} of ${items.length} ${what}`;
  }
  form.addEventListener("input", update);
  (list.closest(".sortable") || list).before(form);
  update();
}

function makeSortable(table) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = row => row.cells[column].dataset.sort ?? row.cells[column].textContent;
      const compare = (a, b) => {
        const x = key(a), y = key(b);
        if (x === "" || y === "") return (x === "") - (y === "");  // what is missing comes last
        const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
        return down ? -order : order;
      };
      body.append(...[...body.rows].sort(compare));
    });
  });
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-filters]").forEach(setUp);
  document.querySelectorAll(".sortable table").forEach(makeSortable);
});
