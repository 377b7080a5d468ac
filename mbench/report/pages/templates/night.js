"use strict";
/* A night: the table sorts and filters as on all pages; a link to a cell marks its row, and brings it into view. */

const pageHooks = {
  facets: ["status", "device", "delegate", "model"],
  choose(number) {
    state.sel = [number];
    markRow();
    writeAddress();
  },
  showChosen: () => markRow(),
};

/** Mark the row that was chosen, and show it where the filters leave it out. */
function markRow() {
  state.sel = state.sel.slice(-1);
  for (const number of state.sel) {
    const table = tables.find((each) => each.rows.includes(rows.get(number)));
    if (!table.shown.includes(rows.get(number))) {
      for (const name of ["q", ...FACETS]) state[name] = "";
      one(".filters").reset();
      showTables();
    }
    table.limit = Math.max(table.limit, table.shown.indexOf(rows.get(number)) + 1);
  }
  tables.forEach(layOut);
  for (const number of state.sel) rows.get(number).element.scrollIntoView({ block: "center" });
}

addEventListener("DOMContentLoaded", () => {
  for (const link of all("a[data-row]"))
    link.addEventListener("click", (event) => {
      event.preventDefault();
      pageHooks.choose(+link.dataset.row);
      one("a", rows.get(+link.dataset.row).element).focus({ preventScroll: true });
    });
  addEventListener("beforeprint", () => all("details:not([open])").forEach((closed) => (closed.open = true)));
});
