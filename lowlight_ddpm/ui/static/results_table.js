let sorted = null; // { column, descending }, kept while the table is replaced

function sort() {
  const table = element.querySelector("table");
  if (!table || !sorted) return;
  const heads = [...table.querySelectorAll("thead th[aria-sort]")];
  const title = (head) => head.textContent;
  const column = heads.findIndex((head) => title(head) === sorted.column);
  heads.forEach((head, i) => {
    head.setAttribute("aria-sort", i !== column ? "none" : sorted.descending ? "descending" : "ascending");
  });
  if (column < 0) return;
  const value = (row) => Number(row.children[column].dataset.sort);
  const sign = sorted.descending ? -1 : 1;
  const body = table.querySelector("tbody");
  // What is undefined stays below, whichever way the others go.
  body.append(...[...body.children].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    return isNaN(x) || isNaN(y) ? isNaN(x) - isNaN(y) : sign * (x - y);
  }));
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button.sorts");
  if (!button) return;
  const column = button.closest("th").textContent;
  sorted = { column, descending: sorted?.column === column && !sorted.descending };
  sort();
});
watch("value", sort);
